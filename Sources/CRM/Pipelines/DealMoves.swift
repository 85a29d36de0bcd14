// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import Audit
import Core
import Database

package enum DealMoveKind: IdentifierKind { package static var prefix: StaticString { "mov" } }

/// When deals went from one stage to another: written once, and never again.
enum DealMoves {
    typealias ID = Identifier<DealMoveKind>

    /// - Parameter from: where it was; nil for one that has just begun.
    typealias Move = (deal: Deal.ID, from: Pipeline.Stage.ID?, valuePaise: Int?)

    static func insert(
        _ moves: [Move], to stage: Pipeline.Stage, of pipeline: Pipeline.ID, by actor: AuditEvent.Actor,
        in tx: borrowing TenantTransaction
    ) throws {
        for start in stride(from: 0, to: moves.count, by: rowsPerStatement) {
            var statement: Statement = """
                INSERT INTO app.deal_moves (tenant_id, id, deal_id, pipeline_id, from_stage_id, to_stage_id, to_stage, to_kind,
                                            value_paise, actor, actor_id) VALUES 
                """
            for (index, move) in moves[start...].prefix(rowsPerStatement).enumerated() {
                statement += index > 0 ? ", (" : "("
                statement += """
                    \(tx.tenantID), \(ID.next()), \(move.deal), \(pipeline), \(move.from), \(stage.id), \(stage.name), \
                    \(stage.kind.rawValue), \(move.valuePaise), \(actor.kind), \(actor.id))
                    """
            }
            statement.isPrepared = moves.count == 1
            try tx.execute(statement)
        }
    }

    /// A statement takes 65,535 parameters at most.
    private static let rowsPerStatement = 5_000
}
