/// The clients of a thread that have no connection, by their numbers.
///
/// Who is to resume has been there before, as long as there is one: of many clients and a low rate, each would otherwise come
/// a first time, and nobody a second. Who is not to is new. Of those who have been there, who waits longest is next.
struct IdleClients {
    private var newcomers: Range<Int>
    private var others: [Int] = []
    private var start = 0

    init(count: Int) {
        newcomers = 0..<count
    }

    var count: Int { newcomers.count + others.count - start }
    var isEmpty: Bool { count == 0 }

    /// One whose connection has ended.
    mutating func add(_ client: Int) {
        // The places of those that have gone are used again.
        if start > 1024, start > others.count / 2 { (others, start) = (Array(others[start...]), 0) }
        others.append(client)
    }

    mutating func take(whoHasBeenThere: Bool) -> Int? {
        let areOthers = start < others.count
        if areOthers, whoHasBeenThere || newcomers.isEmpty {
            defer { start += 1 }
            return others[start]
        }
        return newcomers.popFirst()
    }
}
