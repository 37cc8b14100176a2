/// Whether a resumption that libssl has decided on is in order.
package enum ResumptionCheck: Sendable, Hashable {
    case inOrder
    /// Its lineage was denied while the handshake went on.
    case denied
    /// The policy forbids it, and it should not have come so far: a defect of ours.
    case defect
}
