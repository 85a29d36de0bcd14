// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

import CRM
import Core
import JSON

/// `{"name": "…", "stages": [{"name": "Enquiry", "kind": "open"}, …], "position": 1}`, or a ready one:
/// `{"template": "tailor.orders", "language": "hi"}`.
struct NewPipelineInput: Decodable {
    let template: String?, language: String?, name: String?, stages: [StageInput]?, position: Int?

    /// - Throws: `ValidationError` with everything that is wrong.
    func checked() throws -> PipelineService.Draft {
        var validation = Validation()
        let name = name.flatMap { text in
            validation.check { () throws(FieldError) in try Pipeline.name(text, at: "/name") }
        }
        let position = position.flatMap { number in
            validation.check { () throws(FieldError) in try PipelinePosition.read(number) }
        }
        if let template {
            let language = validation.check { () throws(FieldError) -> Language in
                guard let text = self.language else { return .english }
                return try CustomerFields.language(text)
            }
            if stages != nil {
                validation.fail(FieldError("/stages", "not_allowed", "A ready pipeline brings its stages along."))
            }
            let ready = ReadyPipeline.find(template)
            if ready == nil { validation.fail(FieldError("/template", "invalid_value", "There is no such template.")) }
            try validation.finish()
            guard let ready, let language else { throw ValidationError([]) }
            return PipelineService.Draft(ready, in: language, name: name, position: position)
        }
        if self.name == nil { validation.fail(FieldError("/name", "required", "Give a name, or a template.")) }
        if language != nil { validation.fail(FieldError("/language", "not_allowed", "Only of a ready pipeline.")) }
        let stages = StageInput.checked(stages ?? [], of: nil, noting: &validation)
        try validation.finish()
        guard let name else { throw ValidationError([]) }
        return PipelineService.Draft(name: name, stages: stages.map { ($0.name, $0.kind) }, position: position)
    }
}

/// A merge patch (RFC 7396): `{"name": "…", "stages": [{"id": "stg_…"}, {"name": "Packed", "kind": "open"}], "move_deals": [{"from":
/// "stg_…", "to": "stg_…"}]}`. The stages are all that there are to be, in order; one that is not named goes.
struct PipelineChange: Decodable, Sendable {
    let name: Change<String>, position: Change<Int>, stages: Change<[StageInput]>, moves: Change<[DealsMoveInput]>

    enum CodingKeys: String, CodingKey { case name, position, stages, moves = "move_deals" }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        name = try members.decodeChange(String.self, forKey: .name)
        position = try members.decodeChange(Int.self, forKey: .position)
        stages = try members.decodeChange([StageInput].self, forKey: .stages)
        moves = try members.decodeChange([DealsMoveInput].self, forKey: .moves)
    }

    /// - Throws: `ValidationError` with everything that is wrong.
    func applied(to pipeline: Pipeline) throws -> PipelineService.Change {
        var validation = Validation(), change = PipelineService.Change(pipeline)
        change.pipeline.name = name.applied(to: pipeline.name, cleared: pipeline.name, noting: &validation) {
            text throws(FieldError) in try Pipeline.name(text, at: "/name")
        }
        if case .clear = name { validation.fail(FieldError("/name", "required", "A pipeline always has a name.")) }
        change.pipeline.position = position.applied(
            to: pipeline.position, cleared: pipeline.position, noting: &validation
        ) { number throws(FieldError) in try PipelinePosition.read(number) }
        switch stages {
        case .keep: break
        case .clear: validation.fail(StageInput.countError)
        case .set(let inputs):
            change.pipeline.stages = StageInput.checked(inputs, of: pipeline, noting: &validation)
        }
        if case .set(let moves) = moves {
            change.destinations = DealsMoveInput.checked(
                moves, from: pipeline.stages, to: change.pipeline.stages, noting: &validation)
        }
        try validation.finish()
        return change
    }
}

enum PipelinePosition {
    static func read(_ number: Int) throws(FieldError) -> Int {
        guard (0...1_000_000).contains(number) else {
            throw FieldError("/position", "out_of_range", "A whole number from 0 to 1000000.")
        }
        return number
    }
}

/// `{"id": "stg_…", "name": "…"}` for a stage that is there, `{"name": "…", "kind": "open"}` for a new one.
struct StageInput: Decodable, Sendable {
    let id: String?, name: String?, kind: String?

    static let countError = FieldError(
        "/stages", "out_of_range", "From 1 to \(Pipeline.maximumStages) stages, and in one of them deals are under way."
    )

    /// - Parameter pipeline: whose stages may be named; nil when it is new.
    static func checked(
        _ inputs: [StageInput], of pipeline: Pipeline?, noting validation: inout Validation
    ) -> [Pipeline.Stage] {
        var stages: [Pipeline.Stage] = [], isWhole = true
        for (index, input) in inputs.prefix(Pipeline.maximumStages + 1).enumerated() {
            let stage = validation.check { () throws(FieldError) in
                try input.checked(at: "/stages/\(index)", of: pipeline, after: stages)
            }
            if let stage { stages.append(stage) } else { isWhole = false }
        }
        let hasOpen = stages.contains { $0.kind == .open } || !isWhole
        if !(1...Pipeline.maximumStages).contains(inputs.count) || !hasOpen { validation.fail(countError) }
        return stages
    }

    private func checked(
        at pointer: String, of pipeline: Pipeline?, after others: [Pipeline.Stage]
    ) throws(FieldError) -> Pipeline.Stage {
        var kind: Pipeline.Stage.Kind?
        if let text = self.kind {
            kind = Pipeline.Stage.Kind(rawValue: text)
            if kind == nil { throw FieldError(pointer + "/kind", "invalid_value", "One of open, won, lost.") }
        }
        guard let id else {
            guard let name else { throw FieldError(pointer + "/name", "required", "Give the stage a name.") }
            return Pipeline.Stage(
                id: .next(), name: try Pipeline.name(name, at: pointer + "/name"), kind: kind ?? .open)
        }
        guard var stage = pipeline?.stages.first(where: { $0.id.description == id }),
            !others.contains(where: { $0.id == stage.id })
        else { throw FieldError(pointer + "/id", "unknown_stage", "A stage of this pipeline, once.") }
        guard kind == nil || kind == stage.kind else {
            throw FieldError(pointer + "/kind", "not_allowed", "A stage stays what it is. Add another one.")
        }
        if let name { stage.name = try Pipeline.name(name, at: pointer + "/name") }
        return stage
    }
}

/// `{"from": "stg_…", "to": "stg_…"}`: where the deals of a stage go that is not there any more.
struct DealsMoveInput: Decodable, Sendable {
    let from: String, to: String

    static func checked(
        _ inputs: [DealsMoveInput], from old: [Pipeline.Stage], to new: [Pipeline.Stage],
        noting validation: inout Validation
    ) -> [Pipeline.Stage.ID: Pipeline.Stage.ID] {
        var destinations: [Pipeline.Stage.ID: Pipeline.Stage.ID] = [:]
        for (index, input) in inputs.prefix(Pipeline.maximumStages).enumerated() {
            let pointer = "/move_deals/\(index)", isKept = Set(new.map(\.id)), wasThere = Set(old.map(\.id))
            guard let from = old.first(where: { $0.id.description == input.from }), !isKept.contains(from.id) else {
                validation.fail(FieldError(pointer + "/from", "unknown_stage", "A stage that is to go."))
                continue
            }
            guard let to = new.first(where: { $0.id.description == input.to }), wasThere.contains(to.id),
                to.kind == from.kind
            else {
                validation.fail(
                    FieldError(pointer + "/to", "unknown_stage", "A stage that stays, and is open, won or lost alike."))
                continue
            }
            destinations[from.id] = to.id
        }
        if inputs.count > Pipeline.maximumStages {
            validation.fail(FieldError("/move_deals", "too_many", "At most \(Pipeline.maximumStages)."))
        }
        return destinations
    }
}
