/// The texts of `a2a-gateway help`.
enum Help {
  static let overview = """
    a2a-gateway exposes local agents as A2A endpoints (A2A 1.0 and 0.3, JSON-RPC and HTTP+JSON).

    Usage: a2a-gateway COMMAND [options]

      serve            run the gateway
      validate         check the configuration and all card files
      card get         print an agent's card, as the gateway publishes it or from a URL
      card lint        check card files
      card sign        sign a card document; card verify checks the signatures of one
      card diff        tell what two cards say differently
      agents list      print the external agents of the running gateway
      agents add       register an external A2A agent; also: refresh, approve, test, remove, versions
      drain, stop      end the running gateway, as TERM and INT do
      send             send a message to an agent and print its answer
      keys new         make an API key
      keys hash        print the SHA-256 of a key that is read from standard input
      keys jwks        print the public keys that the gateway signs cards with; keys rotate makes a new one
      version          print the version
      help COMMAND     explain a command, with examples

    Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration invalid, 4 remote unreachable, 5 check failed.
    """

  static let topics: [String: String] = [
    "serve": """
    Usage: a2a-gateway serve [--config FILE]

    Runs the gateway until it is told to stop. TERM drains: no new connections, open requests finish, streams
    end with an id from which they resume; a second TERM, or INT, stops at once.

      --config FILE    default: config/gateway.json if it is there, else built-in defaults
                       (127.0.0.1:8080 without TLS, the cards in ./cards)

    Example: a2a-gateway serve --config /etc/a2a-gateway/gateway.json
    """,
    "validate": """
    Usage: a2a-gateway validate [--config FILE] [--json]

    Checks the configuration and every card file it names, and lists all errors at once, with line, column
    and a hint. Exit code 3 if there are any.

    Example: a2a-gateway validate --config config/gateway.json
    """,
    "card": """
    Usage: a2a-gateway card get AGENT [--config FILE] [--version 1.0|0.3]
           a2a-gateway card get URL [--version 1.0|0.3] [--ca FILE]
           a2a-gateway card lint FILE…
           a2a-gateway card sign FILE [--key PEM] [--kid ID] [--jku URL] [--config FILE]
           a2a-gateway card verify FILE|URL [--key FILE]… [--jwks FILE|URL]… [--ca FILE] [--config FILE] [--json]
           a2a-gateway card diff FILE|URL FILE|URL [--ca FILE] [--json]

    get prints a card: of an agent of the configuration as the gateway will publish it (no gateway needs to run),
    or of a URL. Without --version it is the document that readers of both versions understand.
    lint checks card files; exit code 5 if one has faults.

      sign       prints a card document (not a card file of the gateway) with a signature (A2A 1.0 §8.4) in place of those
                 that it has: by a private key in PEM (P-256 or Ed25519), else by the gateway's own key. --kid names the key
                 (default: its RFC 7638 thumbprint), --jku says where its key set is.
      verify     checks the signatures of a card, exactly as agents are checked at registration: by public keys in files
                 (--key, PEM or JWK) and key sets (--jwks), else by the gateway's own keys and what its configuration trusts.
                 Exit code 5 if no signature holds.
      diff       prints what was added (+), removed (-) and changed (~), by its path; order, signatures and what is empty do
                 not count, but for the order of interfaces. Exit code 5 if the cards differ.

    Examples: a2a-gateway card get echo --version 1.0
              a2a-gateway card get http://127.0.0.1:8080/agents/echo
              a2a-gateway card lint cards/*.json
              a2a-gateway card sign card.json --key signing.pem > signed.json
              a2a-gateway card verify https://agents.example.com/agents/echo \
                --jwks https://agents.example.com/.well-known/jwks.json
              a2a-gateway card diff approved.json https://partner.example/.well-known/agent-card.json
    """,
    "agents": """
    Usage: a2a-gateway agents list [--json]
           a2a-gateway agents add URL [--key KEY] [--name NAME] [--description TEXT] [--card-url URL]
                              [--header NAME=VALUE]… [CREDENTIALS] [--ca FILE]
                              [--binding JSONRPC|HTTP+JSON] [--protocol 1.0|0.3]
           a2a-gateway agents refresh|approve|test|remove KEY
           a2a-gateway agents versions [KEY] [--json]

    Looks after external A2A agents of the gateway that runs with this configuration (--config FILE), over the socket in
    its state folder. A registered agent is served at once, at /agents/KEY, and over restarts.

      add        finds the agent's card at its URL (or --card-url), checks it and registers the agent. Without --key the
                 key is made of the card's name. A header's value is kept encrypted and never shown; "--header NAME=@FILE"
                 reads it from a file and "--header NAME=env:VARIABLE" from the environment, so that it is in no process list.
      refresh    fetches the card again
      approve    takes a card that is held because it names another host or other security schemes, or lacks a skill
      test       asks for the card, whether the agent answers and whether it streams, with its credentials; exit code 5 if
                 it does not answer. Changes nothing.
      remove     forgets the agent
      versions   prints the agents that calls of the Orq Agents API made, or the versions that are kept of one, the newest
                 first; --json prints their definitions too. Calls reach a version as KEY@VERSION.
      --json     list and test print what the gateway says, as JSON

    CREDENTIALS say how calls prove who sends them. Secrets are read from a file (@FILE) or the environment (env:VARIABLE),
    kept encrypted and never shown. One of:

      --bearer SECRET                       a token
      --api-key [query:|cookie:]NAME=SECRET  a key, in a header unless said otherwise
      --basic USER=SECRET                   a password
      --oauth2 TOKEN_URL --client-id ID --client-secret SECRET [--scope SCOPE]… [--audience TEXT]
                                            OAuth 2.0 client credentials; tokens are fetched and renewed
      --client-cert FILE --client-key FILE  a certificate (PEM)

    --ca names the authorities (PEM) that prove the agent's server instead of the system's. Files of certificates stay where
    they are: the gateway reads them, at each start too.

    An address in a private network needs a word in "egress": { "allow": […] } of the configuration. If no gateway runs
    the exit code is 4.

    Examples: a2a-gateway agents add https://agent.example.com/a2a
              a2a-gateway agents add https://agent.example.com --key weather --bearer @token.txt
              a2a-gateway agents add https://agent.example.com --oauth2 https://login.example.com/oauth2/token \
                --client-id gateway --client-secret env:AGENT_SECRET --scope agent.call
              a2a-gateway agents list --json
              a2a-gateway agents versions support --json
    """,
    "drain": """
    Usage: a2a-gateway drain|stop [--config FILE]

    Ends the gateway that runs with this configuration, over the socket in its state folder. drain lets open requests and
    streams finish, as the signal TERM does; stop ends at once, as INT does. If no gateway runs the exit code is 4.

    Example: a2a-gateway drain --config /etc/a2a-gateway/gateway.json
    """,
    "stop": """
    Usage: a2a-gateway drain|stop [--config FILE]

    Ends the gateway that runs with this configuration, over the socket in its state folder. drain lets open requests and
    streams finish, as the signal TERM does; stop ends at once, as INT does. If no gateway runs the exit code is 4.

    Example: a2a-gateway drain --config /etc/a2a-gateway/gateway.json
    """,
    "send": """
    Usage: a2a-gateway send AGENT TEXT [--stream] [--context ID] [--task ID] [--json]
                            [--key KEY] [--ca FILE] [--config FILE]

    Sends a message (A2A 1.0, JSON-RPC) and prints what the agent answers. AGENT is a key, looked up at the first
    listener of the configuration, or the URL of an agent. The API key comes from --key or the environment
    variable A2A_GATEWAY_KEY.

      --stream         print the answer as it comes
      --context ID     go on in a conversation
      --task ID        answer a task that asked for input
      --json           print the protocol's own objects, one a line
      --ca FILE        trust this certificate authority (PEM) instead of the system's

    Examples: a2a-gateway send echo "hello"
              a2a-gateway send https://agents.example.com/agents/echo "hello" --stream
    """,
    "keys": """
    Usage: a2a-gateway keys new NAME [--role ROLE]…
           a2a-gateway keys hash
           a2a-gateway keys jwks [--config FILE]
           a2a-gateway keys rotate [--config FILE] [--json]

    new makes a random API key (256 bits) and prints it once, with the line for "keys" in the configuration, which
    holds only its SHA-256. hash prints the SHA-256 of a key given on standard input.

    jwks prints the public keys that the gateway signs its cards with, as it serves them at /.well-known/jwks.json. rotate
    makes a new signing key: a gateway that runs with this configuration signs all cards anew at once, else the key is used
    from the next start on. The public halves of the last four keys stay in the key set, so that cards in caches verify.

    Examples: a2a-gateway keys new partner-a
              printf %s "$KEY" | a2a-gateway keys hash
              a2a-gateway keys rotate --config /etc/a2a-gateway/gateway.json
    """,
    "version": "Usage: a2a-gateway version",
  ]
}
