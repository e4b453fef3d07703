// By hand, for both SDKs: scripts/build-bindings copies it into the bindings of each.

extension FlorinError {
    /// What is known of the call's outcome: all that decides whether it may be made again.
    public var knowledge: Knowledge {
        switch self {
        case .refused: .refused
        case .inDoubt: .inDoubt
        case .invalidInput, .unauthorized, .unavailable, .cancelled, .journal: .nothingRan
        }
    }

    /// Whether the very same call may be made again without harm and with some hope.
    public var mayRetry: Bool {
        if case .unavailable = self { true } else { false }
    }

    /// The server's result code, if it gave one.
    public var resultCode: UInt32? {
        switch self {
        case .refused(let code, _, _, _, _): code
        case .unauthorized(let code, _, _), .unavailable(let code, _, _): code
        case .inDoubt, .invalidInput, .cancelled, .journal: nil
        }
    }

    /// The server's id of the exchange, to name to its operator.
    public var requestId: String? {
        switch self {
        case .refused(_, _, _, _, let id): id
        case .unauthorized(_, _, let id), .unavailable(_, _, let id), .inDoubt(_, _, _, let id): id
        case .invalidInput, .cancelled, .journal: nil
        }
    }
}
