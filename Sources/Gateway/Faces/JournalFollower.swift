internal import Configuration
internal import HTTPTransport
internal import Model
internal import Network

/// What a follower of a journal does with it, on the follower's loop.
protocol JournalReader: AnyObject {
  /// The next entry. True if the reader wants no more.
  func take(_ entry: SequencedEvent) -> Bool
  /// Nothing was taken for a while: proxies and clients want to see life.
  func keepAlive()
  /// Retention took the task, or the journal no longer reaches back to the place of the reader.
  func journalLost()
}

/// Hands one task's journal to a reader that writes it to an exchange, at the pace of that exchange's caller.
final class JournalFollower {
  private let context: LoopContext
  private let owner: TaskOwner
  private let exchange: HTTPExchange
  /// Let go of when it wants no more.
  private var reader: (any JournalReader)?

  private var taskID = ""
  private var cursor: JournalSequence = 0
  private var isOver = true
  private var token: FollowToken?
  /// A turn tells what it writes, so that the store need not call.
  private var isFed = false
  private var keepAliveTimer: Timer?
  private var lastWriteAt: MonotonicTime

  private static let eventsPerRead = 64

  init(context: LoopContext, owner: TaskOwner, exchange: HTTPExchange) {
    self.context = context
    self.owner = owner
    self.exchange = exchange
    lastWriteAt = context.loop.now
  }

  /// Begins behind `sequence`, at the end of this turn of the loop. The exchange is a stream already.
  ///
  /// - Parameter isFed: a turn on this loop calls ``feed(_:upTo:)`` with all that it writes, and ``endFeeding()`` at its end.
  func follow(_ taskID: String, after sequence: JournalSequence, reader: any JournalReader, isFed: Bool) {
    // A caller who has gone before that is not followed for.
    guard !exchange.isEnded else { return }
    self.isFed = isFed
    self.taskID = taskID
    self.reader = reader
    cursor = sequence
    isOver = false
    lastWriteAt = context.loop.now
    exchange.onClose = { [weak self] in self?.stop() }
    armKeepAlive()
    let bound = LoopBound(self, on: context.loop)
    let waker = Waker(mailbox: context.loop.mailbox) { loop in bound.value(on: loop).pump() }
    token = context.services.store.follow(taskID, owner: owner, waker: waker)
    context.loop.later { [weak self] in self?.pump() }
  }

  /// Reads what there is; to be called when it is known that the journal has grown, otherwise it comes by itself.
  func pump() {
    guard let reader else { return }
    let bufferBytesMax = context.services.limits.streams.bufferBytesMax
    while !isOver {
      if isHeldUp(bufferBytesMax) { return }
      guard
        let entries = context.services.store.events(
          of: taskID, owner: owner, after: cursor, max: JournalFollower.eventsPerRead,
          for: isFed ? nil : token)
      else { return lose() }
      let start = cursor
      for entry in entries {
        // A few entries can be large: what does not fit is read again when there is room.
        if isHeldUp(bufferBytesMax) { return }
        cursor = entry.sequence
        if reader.take(entry) { return stop() }
      }
      // A full read may have left some; after any other, the store calls when there are more.
      if cursor - start < JournalFollower.eventsPerRead { return }
    }
  }

  /// Hands on what was written to the journal just now, without reading it from there, where it is what comes next.
  ///
  /// - Parameter sequence: of the last entry.
  func feed(_ events: [JournalEvent], upTo sequence: JournalSequence) {
    let count = events.reduce(0) { $0 + $1.count }
    guard !isOver, cursor == sequence - count, !events.contains(where: \.isStatus), let reader else {
      return pump()
    }
    let bufferBytesMax = context.services.limits.streams.bufferBytesMax
    for event in events {
      if isHeldUp(bufferBytesMax) { return }
      cursor += event.count
      if reader.take(SequencedEvent(sequence: cursor, event: event)) { return stop() }
    }
  }

  /// From here on the store calls when the journal grows; reads what there is.
  func endFeeding() {
    isFed = false
    pump()
  }

  /// A slow caller is read for no further until it has taken what is there.
  private func isHeldUp(_ bufferBytesMax: Int) -> Bool {
    guard exchange.bufferedBytes > bufferBytesMax else { return false }
    exchange.onDrained = { [weak self] in self?.drained() }
    return true
  }

  private func drained() {
    exchange.onDrained = nil
    pump()
  }

  /// The reader has written to the exchange.
  func noteWrite() { lastWriteAt = context.loop.now }

  /// Nothing is handed out any more.
  func stop() {
    guard !isOver else { return }
    isOver = true
    if let token { context.services.store.unfollow(taskID, token) }
    if let keepAliveTimer { context.loop.cancel(keepAliveTimer) }
    token = nil
    reader = nil
    keepAliveTimer = nil
  }

  private func lose() {
    let reader = reader
    stop()
    reader?.journalLost()
  }

  private func armKeepAlive() {
    let interval = context.services.limits.streams.keepAlive
    keepAliveTimer = context.loop.schedule(after: lastWriteAt + interval - context.loop.now) { [weak self] in
      guard let self, !isOver else { return }
      if context.loop.now >= lastWriteAt + interval {
        lastWriteAt = context.loop.now
        reader?.keepAlive()
      }
      armKeepAlive()
    }
  }
}
