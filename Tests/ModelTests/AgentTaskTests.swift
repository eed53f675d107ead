import JSON
import Model
import Testing

struct AgentTaskTests {
  private func task() -> AgentTask { AgentTask(id: "t", contextID: "c", status: TaskStatus(.submitted)) }

  private func chunk(
    _ id: String, _ text: String, append: Bool = false, metadata: JSONFragment? = nil
  ) -> TaskEvent {
    .artifact(
      TaskArtifactUpdate(
        taskID: "t", contextID: "c", artifact: Artifact(artifactID: id, parts: [.text(text)], metadata: metadata),
        append: append))
  }

  @Test func aStatusUpdateReplacesTheStatus() {
    var task = task()
    let status = TaskStatus(.working, timestamp: Timestamp(milliseconds: 5))
    task.apply(.status(TaskStatusUpdate(taskID: "t", contextID: "c", status: status)))
    #expect(task.status == status)
  }

  @Test func textThatContinuesTextIsOnePart() {
    var task = task()
    task.apply(chunk("a", "one"))
    task.apply(chunk("a", " two", append: true))
    task.apply(chunk("a", "", append: true))
    #expect(task.artifacts[0].parts == [.text("one two")])
  }

  @Test func onlyPlainTextIsJoined() {
    var task = task()
    let labelled = Part(.text("b"), metadata: JSONFragment(["k": 1]))
    let markdown = Part(.text("c"), mediaType: "text/markdown")
    for part in [.text("a"), labelled, .text("d"), markdown, Part(.url("https://e.org"))] {
      task.apply(
        .artifact(
          TaskArtifactUpdate(
            taskID: "t", contextID: "c", artifact: Artifact(artifactID: "a", parts: [part]), append: true)))
    }
    #expect(task.artifacts[0].parts.count == 5)
  }

  @Test func appendedChunksAddPartsToTheirArtifact() {
    var task = task()
    task.apply(chunk("a", "one"))
    task.apply(chunk("b", "other"))
    task.apply(chunk("a", "two", append: true, metadata: JSONFragment(["k": 1])))
    #expect(task.artifacts.map(\.artifactID) == ["a", "b"])
    #expect(task.artifacts[0].parts == [.text("onetwo")])
    #expect(task.artifacts[0].metadata == JSONFragment(["k": 1]))
  }

  @Test func anAppendWithoutMetadataKeepsTheEarlierOne() {
    var task = task()
    task.apply(chunk("a", "one", metadata: JSONFragment(["k": 1])))
    task.apply(chunk("a", "two", append: true))
    #expect(task.artifacts[0].metadata == JSONFragment(["k": 1]))
  }

  @Test func anAppendToAnUnknownArtifactCreatesIt() {
    var task = task()
    task.apply(chunk("a", "one", append: true))
    #expect(task.artifacts == [Artifact(artifactID: "a", parts: [.text("one")])])
  }

  @Test func anArtifactWithoutAppendReplacesTheEarlierOneInItsPlace() {
    var task = task()
    task.apply(chunk("a", "one"))
    task.apply(chunk("b", "other"))
    task.apply(chunk("a", "new"))
    #expect(task.artifacts.map(\.parts) == [[.text("new")], [.text("other")]])
  }

  @Test func aTaskEventReplacesTheRecordAndAMessageJoinsTheHistory() {
    var task = task()
    let message = Message(messageID: "m", role: .agent, parts: [.text("hello")])
    task.apply(.message(message))
    #expect(task.history == [message])
    let snapshot = AgentTask(id: "t", contextID: "c", status: TaskStatus(.completed))
    task.apply(.task(snapshot))
    #expect(task == snapshot)
  }

  @Test(arguments: [(nil, 3), (0, 0), (1, 1), (3, 3), (9, 3), (-1, 0)] as [(Int?, Int)])
  func limitsHistoryToTheNewest(length: Int?, kept: Int) {
    var task = task()
    task.history = (1...3).map { Message(messageID: "m\($0)", role: .user, parts: []) }
    task.limitHistory(to: length)
    #expect(task.history.map(\.messageID) == ["m1", "m2", "m3"].suffix(kept))
  }
}

struct TaskStateTests {
  @Test func fourStatesAreTerminalAndTwoAreInterrupted() {
    #expect(TaskState.allCases.filter(\.isTerminal) == [.completed, .failed, .canceled, .rejected])
    #expect(TaskState.allCases.filter(\.isInterrupted) == [.inputRequired, .authRequired])
  }
}

struct AgentErrorTests {
  @Test func anInvalidFieldIsNamedInTextAndByPath() {
    let error = AgentError.invalidField("message.parts", "Is required.")
    #expect(error.kind == .invalidParams)
    #expect(error.message == "message.parts: Is required.")
    #expect(error.fieldViolations == [.init(field: "message.parts", description: "Is required.")])
  }
}

struct AgentCallTests {
  @Test func everyCallHasItsOperation() {
    let send = SendRequest(message: Message(messageID: "m", role: .user, parts: []))
    let calls: [AgentCall] = [
      .sendMessage(send), .sendStreamingMessage(send), .getTask(id: "t", historyLength: nil),
      .listTasks(ListTasksRequest()), .cancelTask(id: "t", metadata: nil), .subscribeToTask(id: "t"),
      .createPushConfig(PushNotificationConfig(url: "u")), .getPushConfig(taskID: "t", id: nil),
      .listPushConfigs(taskID: "t", pageSize: nil, pageToken: nil), .deletePushConfig(taskID: "t", id: "p"),
      .getExtendedAgentCard,
    ]
    #expect(calls.map(\.operation) == AgentOperation.allCases)
  }
}

struct TurnTests {
  @Test func shortFormsOfAStatusEventHaveNoMetadata() {
    #expect(TurnEvent.status(.working) == .status(.working, parts: [], metadata: nil))
    #expect(TurnEvent.status(.working, "on it") == .status(.working, parts: [.text("on it")], metadata: nil))
  }
}
