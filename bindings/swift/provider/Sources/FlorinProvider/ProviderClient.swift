@_exported import FlorinProviderBindings

extension ProviderClient {
    /// Runs reads that end with `CancellationError` when the current task is cancelled:
    ///
    ///     let wallet = try await client.cancellable { try await $0.wallets().get() }
    ///
    /// Without it a cancelled task waits for its read. What changes something goes on to its end in any case: else its
    /// outcome would be unknown.
    public func cancellable<T: Sendable>(
        _ reads: @Sendable (ProviderClient) async throws -> T
    ) async throws -> T {
        try await cancelling { token in try await reads(self.cancelledBy(token: token)) }
    }

    /// All transactions of a wallet from the page that `request` asks for, newest first.
    public func allTransactions(_ request: TransactionQuery = TransactionQuery()) -> Pages<ListedTransaction> {
        Pages { token in
            let pager = self.cancelledBy(token: token).transactions().pages(request: request)
            return { try await pager.next() }
        }
    }

    /// All payment requests from the page that `request` asks for, newest first.
    public func allPayments(_ request: PaymentQuery = PaymentQuery()) -> Pages<ListedPayment> {
        Pages { token in
            let pager = self.cancelledBy(token: token).payments().pages(request: request)
            return { try await pager.next() }
        }
    }

    /// All users from the page that `request` asks for, oldest first.
    public func allUsers(_ request: ListUsers = ListUsers()) -> Pages<User> {
        Pages { token in
            let pager = self.cancelledBy(token: token).users().pages(request: request)
            return { try await pager.next() }
        }
    }

    /// What happens in the provider's profile and those below it, live and without an end. It goes on by itself when the
    /// connection breaks, and nothing is missed. `after` is the `id` of an event, to go on behind it; from now on without.
    public func liveEvents(after: String? = nil) -> Pages<LiveEvent> {
        Pages { token in
            let stream = self.cancelledBy(token: token).notifications().live(after: after)
            return { [try await stream.next()] }
        }
    }
}
