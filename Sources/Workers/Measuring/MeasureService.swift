import Foundation
import Inference
import Synchronization

/// A worker whose model is measured, inside the worker: one thread loads it and answers questions, one after the other.
///
/// Nobody's texts come here, and each context asks the files anew what it takes: the lock of loading stays as it is.
final class MeasureService: Sendable {
    private let job: WorkerJob
    private let files: ModelDescriptors
    private let channel: FrameChannel
    private let sandbox: WorkerSandbox
    private let questions = Mutex<[WorkerFrame]>([])
    private let hasQuestions = DispatchSemaphore(value: 0)
    private let isOver = Atomic(false)

    init(job: WorkerJob, files: ModelDescriptors, channel: FrameChannel, sandbox: WorkerSandbox) {
        self.job = job
        self.files = files
        self.channel = channel
        self.sandbox = sandbox
    }

    /// Loads, then answers, until the parent is gone or says that it is over.
    func run() {
        let thread = Thread { [self] in measure() }
        thread.name = "roost-measure"
        thread.stackSize = 16 << 20
        thread.start()
        let end = channel.run(
            interval: WorkerProtocol.heartbeat,
            frame: { [self] frame in
                switch frame.kind {
                case .measure: ask(frame)
                case .unload:
                    isOver.store(true, ordering: .relaxed)
                    channel.close()
                default: throw WorkerProtocolError("a frame \(frame.kind) for a worker that measures")
                }
            },
            tick: { [self] in
                channel.send(WorkerFrame(.heartbeat, payload: try WorkerJSON.encode(ModelActivity())))
            })
        isOver.store(true, ordering: .relaxed)
        if case .broken(let reason) = end {
            FileHandle.standardError.write(Data("The parent sent what a worker does not understand: \(reason)\n".utf8))
        }
    }

    private func ask(_ frame: WorkerFrame) {
        questions.withLock { $0.append(frame) }
        hasQuestions.signal()
    }

    private func measure() {
        let model: MeasuredModel
        do {
            model = try load()
            let memory = ModelMemory(weightsByteCount: model.info.byteCount, contextByteCount: 0, computeByteCount: 0)
            let message = WorkerLoaded(info: model.info, memory: memory, sandbox: sandbox)
            channel.send(WorkerFrame(.loaded, payload: try WorkerJSON.encode(message)), waits: true)
        } catch {
            return fail(0, error)
        }
        while true {
            hasQuestions.wait()
            guard let frame = questions.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { continue }
            do {
                let question = try WorkerJSON.decode(SpeedQuestion.self, from: frame.payload)
                let payload = try WorkerJSON.encode(try model.answer(question))
                channel.send(WorkerFrame(.result, request: frame.request, payload: payload), waits: true)
            } catch {
                fail(frame.request, error)
            }
        }
    }

    private func load() throws -> MeasuredModel {
        let channel = channel
        return try MeasuredModel(
            files, name: job.name, options: job.options,
            isOver: { [self] in isOver.load(ordering: .relaxed) },
            progress: { fraction in
                var payload: [UInt8] = []
                payload.append(littleEndian: fraction.bitPattern)
                channel.send(WorkerFrame(.progress, payload: payload))
            })
    }

    private func fail(_ request: UInt64, _ error: any Error) {
        guard let payload = try? WorkerJSON.encode(WorkerFailure(error)) else { return }
        channel.send(WorkerFrame(.failed, request: request, payload: payload), waits: true)
    }
}
