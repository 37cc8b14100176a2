extension Scenario {
    /// Those that come with the program; conf/load/ has them as files.
    package static let all: [Scenario] = [
        Scenario(
            name: "browsers",
            text: """
                # Returning visitors: seven of ten come back with a session, ask for a page and some of what is on it, and leave as
                # browsers do. They come by chance, as people who know nothing of each other.
                # Give it an https:// target.
                rate: 100/s
                arrivals: poisson
                duration: 30s
                resume: 0.7
                requests: 4
                pause: 20ms
                close: notify:0.6,fin:0.3,rst:0.1
                assert: resumed > 0.95

                """),
        Scenario(
            name: "api-clients",
            text: """
                # Programs that keep a connection for many requests, and make a new one with the session of the last.
                # Give it an https:// target.
                connections: 50
                duration: 30s
                resume: 1
                requests: 100
                pause: 10ms
                close: notify
                assert:
                  - resumed > 0.95
                  - p99(request) < 100ms

                """),
        Scenario(
            name: "iot-fleet",
            text: """
                # A fleet of devices of TLS 1.2: each reports a few bytes and leaves. At 10 s the net fails for 5 s; then all of them
                # come back at once, with the sessions that they had.
                # Give it a tls:// target that takes 200 bytes, such as a proxy before any server that reads.
                handshake: ticket
                ramp:
                  - 100..100/s over 10s
                  - 0.2..0.2/s over 5s
                  - 800..100/s over 5s
                  - 100..100/s over 5s
                connections: 1000
                duration: 25s
                up: 200
                close: notify:0.5,fin:0.5
                assert:
                  - resumed > 0.95
                  - errors == 0

                """),
        Scenario(
            name: "mobile",
            text: """
                # Clients on the move: two of five end without a close_notify, by a FIN alone or by a reset. What an unclean end does to
                # the next resumption stands in the report, by ending.
                rate: 100/s
                arrivals: poisson
                duration: 30s
                resume: 0.8
                idle: 50ms
                close: notify:0.4,notify-wait:0.2,fin:0.2,rst:0.2
                assert:
                  - resumed > 0.95
                  - resumed(rst) > 0.9

                """),
        Scenario(
            name: "key-rotation",
            text: """
                # Returning clients while the server changes its ticket keys: none of them should pay twice.
                # ROTATE is the command that changes them, such as: export ROTATE='systemctl reload reprise'
                rate: 100/s
                duration: 20s
                resume: 1
                at:
                  - "8s: ${ROTATE:?set ROTATE to the command that rotates the keys}"
                  - "14s: ${ROTATE:?set ROTATE to the command that rotates the keys}"
                assert:
                  - resumed > 0.99
                  - errors == 0

                """),
        Scenario(
            name: "node-kill",
            text: """
                # A cluster that loses a machine, and gets it back: clients go to every machine in turn, half of them with the session
                # of another one. Give the others as --peer host:port.
                # KILL and START are the commands that end a machine and bring it back.
                rate: 100/s
                duration: 30s
                resume: 1
                session: newest:0.5,other-server:0.5
                timeout: 2s
                at:
                  - "10s: ${KILL:?set KILL to the command that ends a machine}"
                  - "20s: ${START:?set START to the command that brings it back}"

                """),
    ]
}
