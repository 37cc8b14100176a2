package import Vocabulary

package final class LocalSessionStore: Sendable {
    private let state = Locked([SessionKey: ([UInt8], WallTime)]())
    package init(budget: Int) {}
    package func withSession(_ key: SessionKey, at time: WallTime, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let found = state.withLock({ $0[key] }), found.1 > time else { return }
        found.0.withUnsafeBytes(body)
    }
    package func take(_ key: SessionKey, at time: WallTime) -> [UInt8]? {
        guard let found = state.withLock({ $0.removeValue(forKey: key) }), found.1 > time else { return nil }
        return found.0
    }
    package func put(_ key: SessionKey, _ der: UnsafeRawBufferPointer, expires: WallTime, at: WallTime) -> Bool {
        state.withLock { $0[key] = (Array(der), expires) }
        return true
    }
    package func remove(_ key: SessionKey) { state.withLock { _ = $0.removeValue(forKey: key) } }
    package var count: Int { state.withLock { $0.count } }
}
