/// What has a number of its own among its kind, from 0 on without gaps: for tables that are looked into for each connection.
protocol Numbered: CaseIterable {
    var number: Int { get }
}

/// A value for each case.
struct PerCase<Case: Numbered, Value: Sendable>: Sendable {
    private var values: [Value]

    init(_ value: Value) {
        values = Array(repeating: value, count: Case.allCases.count)
    }

    subscript(one: Case) -> Value {
        get { values[one.number] }
        set { values[one.number] = newValue }
        _modify { yield &values[one.number] }
    }
}

extension HandshakeKind: Numbered {
    var number: Int {
        switch self {
        case .full: 0
        case .id: 1
        case .ticket: 2
        case .psk: 3
        }
    }
}

extension OfferedKind: Numbered {
    var number: Int {
        switch self {
        case .id: 0
        case .ticket: 1
        case .statefulPSK: 2
        case .statelessPSK: 3
        }
    }
}

extension CloseKind: Numbered {
    var number: Int {
        switch self {
        case .notify: 0
        case .notifyWait: 1
        case .fin: 2
        case .rst: 3
        case .half: 4
        }
    }
}

extension SessionChoice: Numbered {
    var number: Int {
        switch self {
        case .newest: 0
        case .oldest: 1
        case .single: 2
        case .expired: 3
        case .forged: 4
        case .otherName: 5
        case .otherServer: 6
        }
    }
}

extension Measure: Numbered {
    var number: Int {
        switch self {
        case .connect: 0
        case .handshakeFull: 1
        case .handshakeID: 2
        case .handshakeTicket: 3
        case .handshakePSK: 4
        case .ready: 5
        case .firstByte: 6
        case .request: 7
        case .close: 8
        }
    }
}

extension LoadOffer: Numbered {
    package static let allCases: [LoadOffer] = OfferedKind.allCases.flatMap { kind in
        CloseKind.allCases.flatMap { origin in SessionChoice.allCases.map { LoadOffer(kind, from: origin, $0) } }
    }

    var number: Int {
        (kind.number * CloseKind.allCases.count + origin.number) * SessionChoice.allCases.count + choice.number
    }
}
