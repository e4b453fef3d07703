// By hand, for both SDKs: scripts/build-bindings copies it into the bindings of each.

/// Runs `work` with a token that is cancelled with the current task. Cancelling a task does not reach a call in Rust by
/// itself; the token does. A read that it ends throws `CancellationError`, as everything in Swift does.
package func cancelling<T: Sendable>(_ work: @Sendable (CancelToken) async throws -> T) async throws -> T {
    let token = CancelToken()
    return try await withTaskCancellationHandler {
        do {
            return try await work(token)
        } catch FlorinError.cancelled {
            throw CancellationError()
        }
    } onCancel: {
        token.cancel()
    }
}

/// The elements of a list that the server gives in pages: `for try await transaction in client.allTransactions() { }`.
/// Or what the server tells one by one, live, without an end.
///
/// Each loop walks the list from the start. A page is fetched when it is needed. It ends after the first error, and
/// with `CancellationError` when its task is cancelled.
public struct Pages<Element: Sendable>: AsyncSequence, Sendable {
    package typealias NextPage = @Sendable () async throws -> [Element]?

    private let open: @Sendable (CancelToken) -> NextPage

    package init(_ open: @escaping @Sendable (CancelToken) -> NextPage) {
        self.open = open
    }

    public func makeAsyncIterator() -> AsyncIterator {
        let token = CancelToken()
        return AsyncIterator(token: token, nextPage: open(token))
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let token: CancelToken
        fileprivate var nextPage: NextPage?
        private var page: ArraySlice<Element> = []

        fileprivate init(token: CancelToken, nextPage: @escaping NextPage) {
            self.token = token
            self.nextPage = nextPage
        }

        public mutating func next() async throws -> Element? {
            while page.isEmpty {
                guard let fetch = nextPage else { return nil }
                // Until the page is there, it has ended.
                nextPage = nil
                let token = token
                let fetched = try await withTaskCancellationHandler {
                    do {
                        return try await fetch()
                    } catch FlorinError.cancelled {
                        throw CancellationError()
                    }
                } onCancel: {
                    token.cancel()
                }
                guard let fetched else { return nil }
                page = fetched[...]
                nextPage = fetch
            }
            return page.popFirst()
        }
    }
}
