//! The bounded queue of one model, shared by its sessions and its handles.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::batch::{self, Limits};
use super::command::Command;
use super::{ExecutorConfig, InferenceError, Placement, Signature, Statistics};

/// What sessions and handles of a model have in common.
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) signature: Signature,
    pub(super) config: ExecutorConfig,
    state: Mutex<State>,
    /// Signalled when a request is queued and when the model is closed.
    changed: Condvar,
    statistics: Mutex<Statistics>,
}

struct State {
    queue: VecDeque<Command>,
    /// Sessions that still work.
    sessions: usize,
    placement: Placement,
    batchable: bool,
    closed: bool,
}

impl Shared {
    pub(super) fn new(
        name: &str,
        signature: Signature,
        placement: Placement,
        config: ExecutorConfig,
    ) -> Self {
        let state = State {
            queue: VecDeque::new(),
            sessions: config.instances.get(),
            placement,
            batchable: config.max_batch > 1 && signature.is_batchable(),
            closed: false,
        };
        Self {
            name: name.to_owned(),
            signature,
            config,
            state: Mutex::new(state),
            changed: Condvar::new(),
            statistics: Mutex::new(Statistics::default()),
        }
    }

    /// Queues a request, or refuses it at once.
    pub(super) fn submit(&self, command: Command) -> Result<(), InferenceError> {
        let mut state = self.lock();
        if state.closed {
            return Err(InferenceError::Closed);
        }
        if state.sessions == 0 {
            return Err(InferenceError::Unhealthy);
        }
        let limit = self.config.queue_length;
        if state.queue.len() >= limit {
            // A request nobody waits for must not keep out one that somebody does.
            self.discard_dead(&mut state);
        }
        let queued = state.queue.len();
        if queued >= limit {
            self.count(|statistics| statistics.overloaded += 1);
            return Err(InferenceError::Overloaded { limit, queued });
        }
        state.queue.push_back(command);
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for requests that run together; `None` when the model is closed and all is done.
    pub(super) fn next_batch(&self) -> Option<Vec<Command>> {
        let mut state = self.lock();
        loop {
            self.discard_dead(&mut state);
            if !state.queue.is_empty() {
                return Some(self.take_batch(&mut state));
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take_batch(&self, state: &mut State) -> Vec<Command> {
        let limits =
            Limits { rows: self.config.max_batch, elements: self.config.max_batch_elements };
        let entries = state.queue.iter().map(|command| command.entry(state.batchable));
        let mut chosen = batch::choose(entries, limits).into_iter().peekable();
        let mut taken = Vec::with_capacity(chosen.len());
        let mut left = VecDeque::with_capacity(state.queue.len());
        for (position, command) in state.queue.drain(..).enumerate() {
            if chosen.next_if_eq(&position).is_some() {
                taken.push(command);
            } else {
                left.push_back(command);
            }
        }
        state.queue = left;
        taken
    }

    /// Takes out of the queue what nobody waits for any more and what is too late.
    fn discard_dead(&self, state: &mut State) {
        let now = Instant::now();
        let is_alive = |command: &Command| !command.reply.is_closed() && command.deadline > now;
        if state.queue.iter().all(is_alive) {
            return;
        }
        let (alive, dead): (VecDeque<_>, VecDeque<_>) = state.queue.drain(..).partition(is_alive);
        state.queue = alive;
        for command in dead {
            let cancelled = command.reply.is_closed();
            self.count(|statistics| {
                statistics.cancelled += u64::from(cancelled);
                statistics.expired += u64::from(!cancelled);
                statistics.failed(command.accepted.elapsed());
            });
            let allowed = command.allowed();
            // Nobody listens if it was cancelled, and that is fine.
            let _ = command.reply.send(Err(InferenceError::Expired { allowed }));
        }
    }

    /// Stops taking requests; what is queued is still computed.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Gives up one session; with the last one everything that waits fails.
    pub(super) fn lose_session(&self) {
        let mut state = self.lock();
        state.sessions = state.sessions.saturating_sub(1);
        if state.sessions > 0 {
            return;
        }
        let waiting = std::mem::take(&mut state.queue);
        drop(state);
        for command in waiting {
            self.count(|statistics| statistics.failed(command.accepted.elapsed()));
            let _ = command.reply.send(Err(InferenceError::Unhealthy));
        }
    }

    /// Runs every request by itself from now on.
    pub(super) fn stop_batching(&self) {
        self.lock().batchable = false;
    }

    pub(super) fn move_to(&self, placement: Placement) {
        self.lock().placement = placement;
    }

    pub(super) fn placement(&self) -> Placement {
        self.lock().placement.clone()
    }

    pub(super) fn queued(&self) -> usize {
        self.lock().queue.len()
    }

    pub(super) fn is_healthy(&self) -> bool {
        self.lock().sessions > 0
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Statistics)) {
        change(&mut self.statistics.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn statistics(&self) -> Statistics {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    // No code that can panic runs under the lock, so a poisoned one holds nothing torn.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
