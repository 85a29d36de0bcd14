// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Core
import Database
import JSON
import Jobs
import TestSupport
import Testing

@Suite struct JobWorkerTests {
    @Test func workIsDoneWhenItsTransactionIsCommittedAndNeverWhenItIsNot() async throws {
        try await Workshop.run { shop in
            try await shop.ask(Note(1))
            await #expect(throws: Refusal.self) {
                try await shop.app.withTenant(shop.tenant) { (tx: borrowing TenantTransaction) in
                    try shop.queue.enqueue(Note(2), in: tx)
                    throw Refusal()
                }
            }
            try await shop.ask(Note(3))

            try await shop.reach { $0.count == 2 }
            #expect(shop.seen.map(\.number).sorted() == [1, 3])
            #expect(shop.seen.allSatisfy { $0.attempt == 1 && $0.tenant == shop.tenant })
            try await shop.reach("SELECT count(*) FROM app.jobs", "0")
        }
    }

    @Test func theAttemptIsCountedBeforeTheWorkBegins() async throws {
        try await Workshop.run { shop in
            let gate = Gate()
            shop.behave { _, _ in await gate.wait() }
            try await shop.ask(Note(1))
            try await shop.reach { $0.count == 1 }

            #expect(try shop.value("SELECT state || ' ' || attempt FROM app.jobs") == "running 1")
            gate.open()
        }
    }

    @Test func aKeyIsGoodForOneJobThatIsNotDoneAndForEachBusiness() async throws {
        try await Workshop.run { shop in
            let gate = Gate()
            shop.behave { _, _ in await gate.wait() }
            let first = try await shop.ask(Note(1), uniqueKey: "k")
            let second = try await shop.ask(Note(2), uniqueKey: "k")
            let other = try await shop.ask(Note(3), uniqueKey: "k", of: shop.other)
            #expect(first != nil && second == nil && other != nil)
            gate.open()
            try await shop.reach("SELECT count(*) FROM app.jobs", "0")
            #expect(try await shop.ask(Note(4), uniqueKey: "k") != nil)
        }
    }

    @Test func whatFailsIsTriedAgainLaterAndIsDeadWhenItHasFailedOftenEnough() async throws {
        try await Workshop.run { shop in
            shop.behave { _, _ in throw Refusal() }
            let id = try #require(try await shop.ask(Note(1)))

            try await shop.reach("SELECT state FROM app.jobs", "dead")
            #expect(shop.seen.map(\.attempt) == [1, 2, 3])
            #expect(Set(shop.seen.map(\.id)) == [id])
            // An error that nobody vouches for is told by its name alone.
            #expect(try shop.value("SELECT failure FROM app.jobs") == "Refusal")

            shop.behave { _, _ in }
            try shop.board().retry(id)
            try await shop.reach("SELECT count(*) FROM app.jobs", "0")
            #expect(shop.seen.map(\.attempt) == [1, 2, 3, 1])
        }
    }

    @Test func aProviderMaySayWhenToComeBackAndAHandlerThatThereIsNoHope() async throws {
        try await Workshop.run { shop in
            shop.behave { note, _ in
                throw note == 1
                    ? JobFailure.retry(after: .seconds(500), reason: "429") : .hopeless(reason: "no such number")
            }
            try await shop.ask(Note(1))
            try await shop.ask(Note(2))
            try await shop.reach("SELECT count(*) FROM app.jobs WHERE failure IS NOT NULL", "2")

            #expect(
                try shop.value(
                    "SELECT count(*) FROM app.jobs WHERE state = 'scheduled' AND run_at > now() + interval '490 s'")
                    == "1")
            #expect(
                try shop.value("SELECT failure FROM app.jobs WHERE state = 'dead' AND attempt = 1") == "no such number")
        }
    }

    @Test func whatADeadWorkerHadInHandIsTakenUpUnderTheSameID() async throws {
        try await Workshop.run(isWorking: false) { shop in
            let ids = [try await shop.ask(Note(1)), try await shop.ask(Note(2))]
            // As a worker that was killed leaves them, the second for the last time.
            try shop.run(
                """
                INSERT INTO app.job_workers (id, host, process, heartbeat_at)
                VALUES ('01900000-0000-7000-8000-000000000001', 'gone', 1, now() - interval '1 minute');
                UPDATE app.jobs SET state = 'running', attempt = CASE arguments WHEN '{"number":1}' THEN 1 ELSE 3 END,
                    worker_id = '01900000-0000-7000-8000-000000000001'
                """)
            try await shop.work {
                try await shop.reach { $0.count == 1 }
                #expect(shop.seen.map(\.id) == [ids[0]])
                #expect(shop.seen.map(\.attempt) == [2])
                try await shop.reach(
                    "SELECT state || ': ' || failure FROM app.jobs", "dead: its worker ended while it ran")
            }
        }
    }

    @Test func kindsThatThisBuildDoesNotKnowAreLeftToOthers() async throws {
        try await Workshop.run { shop in
            try shop.run(
                """
                INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts)
                VALUES ('\(shop.tenant.uuid.hex)', gen_random_uuid(), 'from_tomorrow', '{}', 1, 'available', now(), 3),
                       ('\(shop.tenant.uuid.hex)', gen_random_uuid(), 'note', '{"number": 7, "since_tomorrow": 1}', 1, 'available', now(), 1)
                """)
            try await shop.ask(Note(1))
            try await shop.reach { $0.count == 1 }

            #expect(
                try shop.value("SELECT state || attempt FROM app.jobs WHERE kind = 'from_tomorrow'") == "available0")
            try await shop.reach(
                "SELECT state || ': ' || failure FROM app.jobs WHERE kind = 'note'",
                "dead: its arguments are of another build")
        }
    }

    @Test func whatWaitsAndWhatRunsCanBeCancelled() async throws {
        try await Workshop.run { shop in
            shop.behave { _, _ in try await Task.sleep(for: .seconds(60)) }
            let running = try #require(try await shop.ask(Note(1)))
            let waiting = try #require(try await shop.ask(Note(2), after: .seconds(500)))
            try await shop.reach { $0.count == 1 }

            #expect(try shop.board().cancel(waiting))
            #expect(try !shop.board().cancel(running))
            try await shop.reach("SELECT count(*) FROM app.jobs WHERE state = 'cancelled'", "2")
            #expect(throws: JobBoard.Mistake.self) { try shop.board().cancel(running) }
            #expect(throws: JobBoard.Mistake.self) { try shop.board().cancel(.next()) }
        }
    }

    @Test func anAttemptThatTakesTooLongIsEndedAndCountsAsFailed() async throws {
        try await Workshop.run { shop in
            shop.behave { _, attempt in if attempt == 1 { try await Task.sleep(for: .seconds(60)) } }
            try await shop.ask(Note(1))
            try await shop.reach { $0.count == 2 }
            #expect(shop.seen.map(\.attempt) == [1, 2])
        }
    }

    @Test func aKindThatIsPausedWaits() async throws {
        try await Workshop.run { shop in
            try shop.pause("note")
            try await Task.sleep(for: .milliseconds(300))
            try await shop.ask(Note(1))
            try await shop.reach("SELECT state FROM app.jobs", "paused")
            #expect(shop.seen.isEmpty)

            let goOn = try shop.resume("note")
            #expect(goOn == 1)
            try await shop.reach { $0.count == 1 }
        }
    }

    /// By a worker that had not heard yet that the kind goes on.
    @Test func whatWasPutAsideTooLateComesBack() async throws {
        try await Workshop.run { shop in
            try shop.run(
                """
                INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts)
                VALUES ('\(shop.tenant.uuid.hex)', gen_random_uuid(), 'note', '{"number": 2}', 1, 'paused', now(), 3)
                """)
            try await shop.reach { $0.count == 1 }
        }
    }

    @Test func aWorkerThatStopsLetsWorkEndAndGivesBackWhatDoesNot() async throws {
        try await Workshop.run(isWorking: false) { shop in
            shop.behave { note, _ in try await Task.sleep(for: note == 1 ? .milliseconds(200) : .seconds(60)) }
            for number in 1...2 { try await shop.ask(Note(number)) }
            try await shop.work { try await shop.reach { $0.count == 2 } }

            #expect(
                try shop.value("SELECT arguments || ' ' || state || ' ' || attempt FROM app.jobs")
                    == "{\"number\":2} available 0")
            #expect(try shop.value("SELECT count(*) FROM app.job_workers") == "0")
        }
    }

    /// One business asks for ten thousand, another for one: that one waits for no more than what is in hand.
    @Test func oneBusinessDoesNotKeepAnotherWaiting() async throws {
        try await Workshop.run { shop in
            shop.behave { _, _ in try await Task.sleep(for: .milliseconds(5)) }
            try shop.run(
                """
                INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts)
                SELECT '\(shop.tenant.uuid.hex)', gen_random_uuid(), 'note', '{"number": 0}', 2, 'available', now(), 3 FROM generate_series(1, 10000)
                """)
            try await shop.reach { $0.count > 20 }
            let begun = ContinuousClock.now
            try await shop.ask(Note(1), of: shop.other)
            try await shop.reach { $0.contains { $0.number == 1 } }
            #expect(ContinuousClock.now - begun < .seconds(1))
            #expect(shop.seen.count < 9_000)
        }
    }

    @Test func whatRecursIsAddedOnceForEachTurnHoweverManyLook() async throws {
        try await Workshop.run { shop in
            try await shop.app.withTenant(shop.tenant) { (tx: borrowing TenantTransaction) in
                try shop.queue.schedule(Recurring.self, every: .seconds(3_600), in: tx)
                try shop.queue.schedule(Recurring.self, every: .seconds(3_600), in: tx)
            }
            // It was missed for a day, and three find it due at once.
            try await shop.work {
                try await shop.work {
                    try shop.run("UPDATE app.job_schedules SET next_run_at = now() - interval '1 day'")
                    try await shop.reach { $0.count == 1 }
                    try await Task.sleep(for: .milliseconds(400))
                }
            }
            #expect(shop.seen.count == 1)
            #expect(
                try shop.value(
                    "SELECT count(*) FROM app.job_schedules WHERE next_run_at BETWEEN now() AND now() + interval '1 hour'"
                ) == "1")
        }
    }

    @Test func aServerSeesTheJobsOfItsBusinessAloneAndAWorkerNothingElse() async throws {
        try await Workshop.run(isWorking: false) { shop in
            try await shop.ask(Note(1), of: shop.other)
            let count = Query<Int>.one("SELECT count(*) AS n FROM app.jobs") { row in try row.decode("n") }
            #expect(try await shop.app.read(count, in: .tenant(shop.tenant)) == 0)
            #expect(try await shop.app.read(count, in: .tenant(shop.other)) == 1)
            let theirs = shop.other
            await #expect(throws: DatabaseError.self) {
                try await shop.app.withTenant(shop.tenant) { (tx: borrowing TenantTransaction) in
                    try tx.execute(
                        "INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts) VALUES (\(theirs), \(JobID.next()), 'note', '{}', 1, 'available', now(), 1)"
                    )
                }
            }
            for table in ["customers", "users", "sessions", "tenants"] {
                #expect(throws: AdminError.self) {
                    try shop.database.run(as: "unnati_worker", "SELECT FROM app.\(table)")
                }
            }
        }
    }

    @Test func whatHasGoneWrongIsKeptForAWhile() async throws {
        try await Workshop.run(isWorking: false) { shop in
            for (state, age) in [
                ("cancelled", "23 hours"), ("cancelled", "25 hours"), ("dead", "29 days"), ("dead", "31 days"),
            ] {
                try shop.run(
                    """
                    INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts, finished_at)
                    VALUES ('\(shop.tenant.uuid.hex)', gen_random_uuid(), 'note', '{}', 1, '\(state)', now(), 3, now() - interval '\(age)')
                    """)
            }
            try await shop.work {
                try await shop.reach(
                    "SELECT string_agg(state || (now() - finished_at < interval '1 day' OR state = 'dead'), ' ' ORDER BY state) FROM app.jobs",
                    "cancelledtrue deadtrue")
            }
        }
    }

    /// The claim was committed and its answer lost: nobody works on it, and its worker lives.
    @Test func whatAWorkerWasGivenWithoutHearingOfItComesBack() async throws {
        try await Workshop.run { shop in
            shop.behave { _, attempt in try await Task.sleep(for: attempt == 1 ? .seconds(1) : .zero) }
            try await shop.ask(Note(1))
            try await shop.reach { $0.count == 1 }
            try shop.run(
                """
                INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, attempt, maximum_attempts, worker_id)
                SELECT tenant_id, gen_random_uuid(), kind, '{"number": 2}', 3, 'running', now(), 1, 1, worker_id FROM app.jobs
                """)
            try await shop.reach { $0.contains { $0.number == 2 } }
            // It was no attempt, and the one that is really under way is left alone.
            #expect(shop.seen.map(\.attempt) == [1, 1])
            try await shop.reach("SELECT count(*) FROM app.jobs", "0")
        }
    }

    /// Cut off for long, it is believed dead, and what it has in hand is free for others. It lives.
    @Test func aWorkerDoesNotBeginWhatItIsAlreadyAt() async throws {
        try await Workshop.run { shop in
            let gate = Gate()
            shop.behave { _, attempt in if attempt == 1 { await gate.wait() } }
            try await shop.ask(Note(1))
            try await shop.reach { $0.count == 1 }
            try shop.run("UPDATE app.jobs SET state = 'available', worker_id = NULL")
            try await Task.sleep(for: .milliseconds(500))
            #expect(shop.seen.count == 1)

            gate.open()
            // The end of the first attempt says nothing of a job that is no longer its own.
            try await shop.reach("SELECT count(*) FROM app.jobs", "0")
            #expect(shop.seen.map(\.attempt) == [1, 2])
        }
    }

    @Test func aLongQueueDoesNotKeepAWorkerFromSayingThatItLives() async throws {
        try await Workshop.run { shop in
            try await shop.reach("SELECT count(*) FROM app.job_workers", "1")
            try shop.run(
                """
                INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts)
                SELECT '\(shop.tenant.uuid.hex)', gen_random_uuid(), 'note', '{"number": 0}', 2, 'available', now(), 3 FROM generate_series(1, 20000)
                """)
            let end = ContinuousClock.now + .seconds(30)
            var longest = 0.0
            while shop.seen.count < 20_000, .now < end {
                let silence = try shop.value(
                    "SELECT max(extract(epoch FROM clock_timestamp() - heartbeat_at)) FROM app.job_workers")
                longest = max(longest, silence.flatMap { Double($0) } ?? 99)
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(shop.seen.count == 20_000)
            #expect(longest < 1)
        }
    }

    /// A handler's own affair is cancelled, not the job.
    @Test func aHandlerThatSaysItWasCancelledHasFailed() async throws {
        try await Workshop.run { shop in
            shop.behave { _, _ in throw CancellationError() }
            try await shop.ask(Note(1))
            try await shop.reach("SELECT state || attempt FROM app.jobs", "dead3")
        }
    }

    @Test func aReasonOfAnyLengthAndScriptIsKeptAsFarAsItFits() async throws {
        try await Workshop.run { shop in
            shop.behave { _, _ in throw JobFailure.hopeless(reason: String(repeating: "न\0", count: 5_000)) }
            try await shop.ask(Note(1))
            try await shop.reach("SELECT state || octet_length(failure) FROM app.jobs", "dead999")
        }
    }

    @Test func businessesWithUnknownKindsDoNotStandInTheWay() async throws {
        try await Workshop.run { shop in
            try shop.run(
                """
                INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts)
                SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, gen_random_uuid(), 'from_tomorrow', '{}', 3, 'available', now(), 3
                FROM generate_series(1, 300) AS n
                """)
            try await shop.ask(Note(1))
            try await shop.reach { $0.count == 1 }
        }
    }

    @Test func deadJobsOfOneKeyAreDoneAnewOnce() async throws {
        try await Workshop.run(isWorking: false) { shop in
            func addDead(_ key: String, _ number: Int) throws {
                try shop.run(
                    """
                    INSERT INTO app.jobs (tenant_id, id, kind, arguments, priority, state, run_at, maximum_attempts, unique_key, finished_at)
                    VALUES ('\(shop.tenant.uuid.hex)', gen_random_uuid(), 'note', '{"number": \(number)}', 1, 'dead', now(), 3, '\(key)', now())
                    """)
            }
            for (key, number) in [("a", 1), ("a", 2), ("b", 3)] { try addDead(key, number) }
            try await shop.ask(Note(4), uniqueKey: "b")
            #expect(try shop.board().retryDead(kind: "note") == 1)
            let twin = try shop.board().list(.dead, kind: nil, limit: 9).map(\.id)
            #expect(twin.count == 2)
            for id in twin { #expect(throws: JobBoard.Mistake.self) { try shop.board().retry(id) } }
        }
    }

    @Test func progressIsSeenByOperators() async throws {
        try await Workshop.run { shop in
            let gate = Gate()
            shop.behave { _, _ in await gate.wait() }
            let id = try #require(try await shop.ask(Note(40)))
            try await shop.reach("SELECT progress FROM app.jobs", "40")
            let entry = try shop.board().find(id)
            #expect(entry.progress == 40 && entry.state == .running && entry.worker?.contains("process") == true)
            #expect(try shop.board().list(.running, kind: "note", limit: 5).map(\.id) == [id])
            gate.open()
        }
    }

    @Test func aHandlerWorksInTheTraceOfWhoAskedForIt() async throws {
        try await Workshop.run { shop in
            let asked = TraceContext(beginning: .next()), seen = Lock<[String?]>([])
            shop.behave { _, _ in seen.with { $0.append(TraceContext.current?.traceID) } }
            try await TraceContext.$current.withValue(asked) { _ = try await shop.ask(Note(1)) }
            try await shop.reach { $0.count == 1 }
            try await shop.ask(Note(2))
            try await shop.reach { $0.count == 2 }
            try await Task.sleep(for: .milliseconds(20))
            #expect(seen.with { $0 } == [asked.traceID, nil])
        }
    }

    /// From the commit that asks for it to the handler that does it, in one process.
    @Test func workBeginsWithinMilliseconds() async throws {
        try await Workshop.run { shop in
            var waits: [Duration] = []
            for number in 1...60 {
                let begun = ContinuousClock.now
                try await shop.ask(Note(number))
                while shop.seen.count < number { try await Task.sleep(for: .microseconds(200)) }
                waits.append(ContinuousClock.now - begun)
            }
            #expect(waits.sorted()[58] < .milliseconds(100))
            #expect(waits.sorted()[30] < .milliseconds(15))
        }
    }
}
