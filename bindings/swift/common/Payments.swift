// By hand, for both SDKs: scripts/build-bindings copies it into the bindings of each.

extension PaymentCode {
    /// Reads the text of a scanned QR code. Anybody can print one: ask the server for its `prid`, and show what the
    /// server says.
    ///
    /// - Throws: `FlorinError.invalidInput` if it is no payment code.
    public init(scanned text: String) throws {
        self = try parsePaymentCode(text: text)
    }

    /// The text to show as a QR code.
    public func encoded() throws -> String {
        try encodePaymentCode(code: self)
    }
}

extension PaymentStatus {
    /// Whether it will not change any more.
    public var isFinal: Bool {
        switch self {
        case .waiting, .partial, .other: false
        case .paid, .timeout, .canceled, .refunded, .failed, .declined: true
        }
    }
}
