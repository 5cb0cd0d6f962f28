//! One session and the thread that runs it: batches in, answers out, and what follows a fault.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use super::command::{Answer, Command, Timings};
use super::queue::Shared;
use super::{
    Backend, BackendError, BackendFactory, ElementType, ExecutorConfig, InferenceError, Tensor,
};

/// Loads a network and runs the warm-up.
pub(super) fn load(
    factory: &BackendFactory,
    config: &ExecutorConfig,
) -> Result<Box<dyn Backend>, BackendError> {
    let load = || {
        let mut backend = factory()?;
        for shapes in &config.warm_up {
            let elements = backend.signature().inputs.iter().map(|input| input.element);
            let shapes = elements.zip(shapes.iter().cloned()).collect::<Vec<_>>();
            try_zeros(&mut *backend, &shapes)?;
        }
        Ok(backend)
    };
    catch_unwind(AssertUnwindSafe(load)).unwrap_or_else(|_| Err(panicked()))
}

/// Types and shapes of all inputs.
type Shapes = Vec<(ElementType, Vec<usize>)>;

fn try_zeros(backend: &mut dyn Backend, shapes: &Shapes) -> Result<(), BackendError> {
    let zeros = shapes.iter().map(|(element, shape)| Tensor::zeros(*element, shape.clone()));
    let zeros = zeros.collect::<Result<Vec<_>, _>>();
    let zeros = zeros.map_err(|error| BackendError::new(error.to_string()))?;
    backend.run(&zeros).map(drop)
}

fn panicked() -> BackendError {
    BackendError::new("the runtime panicked")
}

/// A session at work.
pub(super) struct Instance {
    shared: Arc<Shared>,
    factory: BackendFactory,
    backend: Box<dyn Backend>,
    /// What this session has computed before: it must be able to do so again.
    proven: Option<Shapes>,
    /// Whether it was built anew and has not answered since.
    on_probation: bool,
}

/// Gives up the session however its thread ends, so that nobody waits for one that is gone.
struct Leaving(Arc<Shared>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.lose_session();
    }
}

/// Why a batch was not computed.
enum Fault {
    /// The runtime said no.
    Refused(BackendError),
    /// The runtime panicked, or gave what cannot be.
    Broken(BackendError),
}

impl Instance {
    pub(super) fn new(
        shared: Arc<Shared>,
        factory: BackendFactory,
        backend: Box<dyn Backend>,
    ) -> Self {
        Self { shared, factory, backend, proven: None, on_probation: false }
    }

    /// The life of the thread.
    pub(super) fn serve(mut self) {
        let _leaving = Leaving(Arc::clone(&self.shared));
        while let Some(batch) = self.shared.next_batch() {
            if !self.answer(batch) {
                tracing::error!(model = self.shared.name, "a session is out of order");
                return;
            }
        }
    }

    /// Computes and answers a batch; `false` if the session is beyond repair.
    fn answer(&mut self, mut batch: Vec<Command>) -> bool {
        let rows: Vec<usize> = batch.iter().map(Command::rows).collect();
        let taken = Instant::now();
        match self.compute(&mut batch, &rows) {
            Ok((outputs, timings)) => {
                self.on_probation = false;
                let total = rows.iter().sum();
                self.shared.count(|statistics| statistics.ran(total, &timings));
                for (command, outputs) in batch.into_iter().zip(outputs) {
                    let queue = taken.saturating_duration_since(command.accepted);
                    let timings = Timings { queue, ..timings };
                    let whole = command.accepted.elapsed();
                    self.shared.count(|statistics| statistics.answered(&timings, whole));
                    let names = self.shared.signature.outputs.iter().map(|info| info.name.clone());
                    let outputs = names.zip(outputs).collect();
                    let answer = Answer { outputs, timings, batch: total };
                    // Nobody listens any more if the caller left, and that is fine.
                    let _ = command.reply.send(Ok(answer));
                }
                true
            }
            // One bad request must not spoil the others: each is run by itself.
            Err(Fault::Refused(_)) if batch.len() > 1 => {
                let mut waiting = batch.into_iter();
                while let Some(command) = waiting.next() {
                    if !self.answer(vec![command]) {
                        self.fail(waiting.collect(), &InferenceError::Unhealthy);
                        return false;
                    }
                }
                true
            }
            Err(Fault::Refused(error)) if self.is_sound() => {
                self.fail(batch, &InferenceError::Rejected { reason: error.reason });
                true
            }
            Err(Fault::Refused(error) | Fault::Broken(error)) => {
                let repaired = self.repair();
                self.fail(batch, &InferenceError::Failed(error));
                repaired
            }
        }
    }

    /// Runs the network; gives the outputs of every request.
    fn compute(
        &mut self,
        batch: &mut [Command],
        rows: &[usize],
    ) -> Result<(Vec<Vec<Tensor>>, Timings), Fault> {
        let mut timings = Timings::default();
        let began = Instant::now();
        let joined;
        let inputs = if let [command] = batch {
            &command.inputs
        } else {
            let part = |index: usize| batch.iter().map(move |command| &command.inputs[index]);
            let count = self.shared.signature.inputs.len();
            let inputs = (0..count).map(|index| Tensor::concat(part(index)));
            let differ = || Fault::Refused(BackendError::new("the inputs do not fit together"));
            joined = inputs.collect::<Option<Vec<_>>>().ok_or_else(differ)?;
            &joined
        };
        let joined_at = Instant::now();
        timings.input = joined_at - began;
        let backend = &mut self.backend;
        let outputs = catch_unwind(AssertUnwindSafe(|| backend.run(inputs)))
            .map_err(|_| Fault::Broken(panicked()))?
            .map_err(Fault::Refused)?;
        let computed_at = Instant::now();
        timings.infer = computed_at - joined_at;
        if outputs.len() != self.shared.signature.outputs.len() {
            return Err(Fault::Broken(BackendError::new("an output is missing")));
        }
        if self.proven.is_none() {
            let shape = |input: &Tensor| (input.element(), input.shape().to_vec());
            self.proven = Some(inputs.iter().map(shape).collect());
        }
        let mut apart = vec![Vec::with_capacity(outputs.len()); batch.len()];
        for output in outputs {
            if batch.len() == 1 {
                apart[0].push(output);
                continue;
            }
            let Some(parts) = output.split(rows) else {
                // The model's first axis is not what its signature promises.
                tracing::warn!(model = self.shared.name, "requests cannot be batched");
                self.shared.stop_batching();
                let reason = "the outputs do not follow the batch";
                return Err(Fault::Refused(BackendError::new(reason)));
            };
            for (whole, part) in apart.iter_mut().zip(parts) {
                whole.push(part);
            }
        }
        timings.output = computed_at.elapsed();
        Ok((apart, timings))
    }

    /// Whether the session still computes what it has computed before; a session that has never
    /// computed anything has the benefit of the doubt.
    fn is_sound(&mut self) -> bool {
        let (backend, proven) = (&mut self.backend, &self.proven);
        let warm_up = self.shared.config.warm_up.first().map(|shapes| {
            let elements = self.shared.signature.inputs.iter().map(|input| input.element);
            elements.zip(shapes.iter().cloned()).collect()
        });
        let Some(shapes) = warm_up.as_ref().or(proven.as_ref()) else { return true };
        let probe = catch_unwind(AssertUnwindSafe(|| try_zeros(&mut **backend, shapes)));
        matches!(probe, Ok(Ok(())))
    }

    /// Builds the session anew, unless that was just tried.
    fn repair(&mut self) -> bool {
        if std::mem::replace(&mut self.on_probation, true) {
            return false;
        }
        match load(&self.factory, &self.shared.config) {
            Ok(backend) => {
                self.shared.move_to(backend.placement().clone());
                self.backend = backend;
                self.proven = None;
                self.shared.count(|statistics| statistics.rebuilt += 1);
                true
            }
            Err(error) => {
                tracing::error!(model = self.shared.name, %error, "the model cannot be rebuilt");
                false
            }
        }
    }

    fn fail(&self, batch: Vec<Command>, error: &InferenceError) {
        for command in batch {
            command.span.in_scope(|| {
                tracing::warn!(model = self.shared.name, ?error, "a request failed");
            });
            self.shared.count(|statistics| statistics.failed(command.accepted.elapsed()));
            let _ = command.reply.send(Err(error.clone()));
        }
    }
}
