/// What a ``ConnectionMachine`` says to the questions of every turn, noted when it changes: to ask the machine itself costs
/// a check of exclusive access each time, and several switches.
struct Stance {
    let isClosed: Bool
    let isHandshaking: Bool
    let isServing: Bool
    let isClosing: Bool
    let readsClient: Bool
    let discardsClient: Bool
    let readsUpstream: Bool
    let timer: ConnectionMachine.TimerKind?

    init(_ machine: ConnectionMachine) {
        isClosed = machine.isClosed
        isHandshaking = machine.isHandshaking
        isServing = machine.isServing
        isClosing = if case .closing = machine.client.phase { true } else { false }
        readsClient = machine.client.readsClient
        discardsClient = machine.client.discardsClient
        readsUpstream = machine.readsUpstream
        timer = machine.timer
    }
}
