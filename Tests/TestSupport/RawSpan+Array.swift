extension RawSpan {
    /// A copy of the bytes.
    package var array: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}
