//! What a model promises its callers, with closures for networks.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;

/// `x` and `y` of shape `(batch, 2)`.
fn signature() -> Signature {
    let info = |name: &str| ValueInfo {
        name: name.to_owned(),
        element: ElementType::F32,
        shape: Some(vec!["batch".into(), Dimension::Unknown]),
    };
    Signature { inputs: vec![info("x")], outputs: vec![info("y")] }
}

fn rows(first: f32, count: usize) -> Tensor {
    Tensor::new(vec![count, 2], vec![first; 2 * count]).unwrap()
}

fn request(tensor: Tensor) -> Vec<(String, Tensor)> {
    vec![("x".to_owned(), tensor)]
}

/// Twice the input.
fn double(inputs: &[Tensor]) -> Vec<Tensor> {
    let x = inputs[0].as_slice::<f32>().unwrap();
    let y = x.iter().map(|x| 2.0 * x).collect::<Vec<f32>>();
    vec![Tensor::new(inputs[0].shape().to_vec(), y).unwrap()]
}

fn doubling() -> BackendFactory {
    fake::factory(signature(), |inputs| Ok(double(inputs)))
}

/// Says what each run is given, and waits for leave to compute it.
struct Gate {
    entered: Receiver<usize>,
    leave: Sender<()>,
}

impl Gate {
    fn let_one_pass(&self) {
        self.leave.send(()).unwrap();
    }

    fn next_rows(&self) -> usize {
        self.entered.recv_timeout(Duration::from_secs(30)).expect("the network is run")
    }
}

fn gated(config: ExecutorConfig) -> (Executor, Gate) {
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel();
    let left = Mutex::new(left);
    let factory = fake::factory(signature(), move |inputs| {
        let _ = enter.send(inputs[0].rows());
        let _ = left.lock().unwrap().recv();
        Ok(double(inputs))
    });
    (Executor::start("gated", &factory, config).unwrap(), Gate { entered, leave })
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Sends a request from a thread of its own.
fn send(
    handle: &ModelHandle,
    tensor: Tensor,
) -> std::thread::JoinHandle<Result<Answer, InferenceError>> {
    let handle = handle.clone();
    std::thread::spawn(move || handle.run_blocking(request(tensor), soon()))
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().build().unwrap().block_on(future)
}

#[test]
fn an_answer_has_the_outputs_and_where_the_time_went() {
    let config = ExecutorConfig::default();
    let model = Executor::start("m", &doubling(), config).unwrap();
    let handle = model.handle();
    let answer = block_on(handle.run(request(rows(3.0, 1)))).unwrap();
    assert_eq!(answer.outputs, [("y".to_owned(), rows(6.0, 1))]);
    assert_eq!(answer.batch, 1);
    let statistics = handle.statistics();
    assert_eq!((statistics.success.count, statistics.execution_count), (1, 1));
    assert_eq!(statistics.batches[&1].compute_infer.count, 1);
    assert!(statistics.last_inference_ms > 0);
    assert!(u128::from(statistics.success.ns) >= answer.timings.infer.as_nanos());
}

#[test]
fn requests_that_come_while_the_network_runs_are_computed_together() {
    let (model, gate) = gated(ExecutorConfig { max_batch: 4, ..ExecutorConfig::default() });
    let handle = model.handle();
    let first = send(&handle, rows(1.0, 1));
    assert_eq!(gate.next_rows(), 1);
    let others: Vec<_> = (2_u8..=4)
        .map(|i| {
            let sent = send(&handle, rows(f32::from(i), 1));
            wait_until(|| handle.queued() == usize::from(i) - 1);
            sent
        })
        .collect();
    // Another shape, and one that no longer fits in.
    let odd = send(&handle, Tensor::new(vec![1, 3], vec![9.0_f32; 3]).unwrap());
    wait_until(|| handle.queued() == 4);
    let large = send(&handle, rows(5.0, 2));
    wait_until(|| handle.queued() == 5);
    for expected in [3, 1, 2] {
        gate.let_one_pass();
        assert_eq!(gate.next_rows(), expected);
    }
    gate.let_one_pass();
    assert_eq!(first.join().unwrap().unwrap().batch, 1);
    for (i, other) in (2_u8..).zip(others) {
        let answer = other.join().unwrap().unwrap();
        assert_eq!(answer.outputs[0].1, rows(2.0 * f32::from(i), 1));
        assert_eq!(answer.batch, 3);
    }
    assert_eq!(odd.join().unwrap().unwrap().outputs[0].1.shape(), [1, 3]);
    assert_eq!(large.join().unwrap().unwrap().outputs[0].1, rows(10.0, 2));
    let statistics = handle.statistics();
    assert_eq!((statistics.inference_count, statistics.execution_count), (7, 4));
    assert_eq!(statistics.success.count, 6);
}

#[test]
fn a_full_queue_refuses_at_once_and_says_how_long_it_is() {
    let (model, gate) = gated(ExecutorConfig { queue_length: 1, ..ExecutorConfig::default() });
    let handle = model.handle();
    let running = send(&handle, rows(1.0, 1));
    gate.next_rows();
    let waiting = send(&handle, rows(2.0, 1));
    wait_until(|| handle.queued() == 1);
    let refused = handle.run_blocking(request(rows(3.0, 1)), soon());
    assert_eq!(refused, Err(InferenceError::Overloaded { limit: 1, queued: 1 }));
    assert_eq!(handle.statistics().overloaded, 1);
    gate.let_one_pass();
    gate.let_one_pass();
    assert!(running.join().unwrap().is_ok() && waiting.join().unwrap().is_ok());
}

#[test]
fn a_request_whose_caller_left_is_never_computed_and_frees_its_place() {
    let (model, gate) = gated(ExecutorConfig { queue_length: 1, ..ExecutorConfig::default() });
    let handle = model.handle();
    let running = send(&handle, rows(1.0, 1));
    gate.next_rows();
    block_on(async {
        let abandoned = handle.run(request(rows(2.0, 2)));
        let polled_once = tokio::time::timeout(Duration::ZERO, abandoned).await;
        assert!(polled_once.is_err());
    });
    assert_eq!(handle.queued(), 1);
    let next = send(&handle, rows(3.0, 3));
    wait_until(|| handle.statistics().cancelled == 1);
    gate.let_one_pass();
    assert_eq!(gate.next_rows(), 3);
    gate.let_one_pass();
    assert!(running.join().unwrap().is_ok() && next.join().unwrap().is_ok());
}

#[test]
fn a_request_whose_time_is_up_in_the_queue_is_never_computed() {
    let (model, gate) = gated(ExecutorConfig::default());
    let handle = model.handle();
    let running = send(&handle, rows(1.0, 1));
    gate.next_rows();
    let late = handle.run_blocking(request(rows(2.0, 1)), Instant::now());
    assert!(matches!(late, Err(InferenceError::Expired { .. })));
    gate.let_one_pass();
    assert!(running.join().unwrap().is_ok());
    drop(model);
    assert!(gate.entered.try_recv().is_err());
    let statistics = handle.statistics();
    assert_eq!(statistics.cancelled + statistics.expired, 1);
}

#[test]
fn a_request_that_the_model_cannot_compute_spoils_no_other() {
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let left = Mutex::new(left);
    let factory = fake::factory(signature(), move |inputs| {
        let _ = enter.send(inputs[0].rows());
        let _ = left.lock().unwrap().recv();
        let bad = inputs[0].as_slice::<f32>().unwrap().contains(&-1.0);
        if bad { Err(BackendError { reason: "no".to_owned() }) } else { Ok(double(inputs)) }
    });
    let model = Executor::start("m", &factory, ExecutorConfig::default()).unwrap();
    let (handle, gate) = (model.handle(), Gate { entered, leave });
    let first = send(&handle, rows(1.0, 1));
    gate.next_rows();
    let (good, bad) = (send(&handle, rows(2.0, 1)), send(&handle, rows(-1.0, 1)));
    wait_until(|| handle.queued() == 2);
    drop(gate);
    assert!(first.join().unwrap().is_ok());
    assert_eq!(good.join().unwrap().unwrap().outputs[0].1, rows(4.0, 1));
    let rejected = InferenceError::Rejected { reason: "no".to_owned() };
    assert_eq!(bad.join().unwrap(), Err(rejected));
    assert!(handle.is_healthy());
    assert_eq!(handle.statistics().rebuilt, 0);
}

/// A factory that counts how often it is asked, and whose networks panic on minus one.
fn fragile(built: &Arc<AtomicUsize>) -> BackendFactory {
    let inner = fake::factory(signature(), |inputs| {
        assert!(!inputs[0].as_slice::<f32>().unwrap().contains(&-1.0), "on purpose");
        Ok(double(inputs))
    });
    let built = Arc::clone(built);
    Arc::new(move || {
        built.fetch_add(1, Ordering::Relaxed);
        inner()
    })
}

#[test]
fn a_panic_fails_one_batch_and_the_session_is_built_anew() {
    let built = Arc::new(AtomicUsize::new(0));
    let model = Executor::start("m", &fragile(&built), ExecutorConfig::default()).unwrap();
    let handle = model.handle();
    for _ in 0..3 {
        let panicked = handle.run_blocking(request(rows(-1.0, 1)), soon());
        assert!(matches!(panicked, Err(InferenceError::Failed(_))), "{panicked:?}");
        assert!(handle.run_blocking(request(rows(1.0, 1)), soon()).is_ok());
    }
    assert_eq!(built.load(Ordering::Relaxed), 4);
    assert_eq!(handle.statistics().rebuilt, 3);
}

#[test]
fn a_session_that_fails_again_after_it_was_built_anew_is_given_up() {
    let built = Arc::new(AtomicUsize::new(0));
    let model = Executor::start("m", &fragile(&built), ExecutorConfig::default()).unwrap();
    let handle = model.handle();
    for _ in 0..2 {
        let panicked = handle.run_blocking(request(rows(-1.0, 1)), soon());
        assert!(matches!(panicked, Err(InferenceError::Failed(_))), "{panicked:?}");
    }
    wait_until(|| !handle.is_healthy());
    let refused = handle.run_blocking(request(rows(1.0, 1)), soon());
    assert_eq!(refused, Err(InferenceError::Unhealthy));
    assert_eq!(built.load(Ordering::Relaxed), 2);
}

#[test]
fn instances_share_one_queue_and_run_side_by_side() {
    let both = Arc::new(std::sync::Barrier::new(2));
    // Each run waits until another runs too: one instance alone would wait for ever.
    let factory = fake::factory(signature(), move |inputs| {
        both.wait();
        Ok(double(inputs))
    });
    let instances = NonZeroUsize::new(2).unwrap();
    let config = ExecutorConfig { instances, max_batch: 1, ..ExecutorConfig::default() };
    let model = Executor::start("m", &factory, config).unwrap();
    let sent: Vec<_> = (0..8).map(|_| send(&model.handle(), rows(1.0, 1))).collect();
    assert!(sent.into_iter().all(|sent| sent.join().unwrap().is_ok()));
}

#[test]
fn a_model_is_warm_before_it_is_ready_or_is_not_loaded() {
    let (enter, entered) = mpsc::channel();
    let warm = fake::factory(signature(), move |inputs| {
        enter.send(inputs[0].shape().to_vec()).unwrap();
        Ok(double(inputs))
    });
    let warm_up = vec![vec![vec![1, 2]], vec![vec![4, 7]]];
    let config = ExecutorConfig { warm_up, ..ExecutorConfig::default() };
    let model = Executor::start("m", &warm, config.clone()).unwrap();
    assert_eq!(entered.try_iter().collect::<Vec<_>>(), [vec![1, 2], vec![4, 7]]);
    assert_eq!(model.handle().statistics(), Statistics::default());

    let cold = fake::factory(signature(), |_| Err(BackendError { reason: "cold".to_owned() }));
    let refused = Executor::start("m", &cold, config.clone()).unwrap_err();
    assert_eq!(refused, InferenceError::Load(BackendError { reason: "cold".to_owned() }));
    let broken = fake::factory(signature(), |_| panic!("on purpose"));
    assert!(matches!(Executor::start("m", &broken, config), Err(InferenceError::Load(_))));
}

#[test]
fn dropping_a_model_finishes_what_it_accepted_and_takes_nothing_new() {
    let (model, gate) = gated(ExecutorConfig { max_batch: 1, ..ExecutorConfig::default() });
    let handle = model.handle();
    let sent: Vec<_> = (0..3)
        .map(|i| {
            let sent = send(&handle, rows(1.0, 1));
            wait_until(|| handle.queued() == i || i == 0);
            if i == 0 {
                gate.next_rows();
            }
            sent
        })
        .collect();
    wait_until(|| handle.queued() == 2);
    model.close();
    let refused = handle.run_blocking(request(rows(1.0, 1)), soon());
    assert_eq!(refused, Err(InferenceError::Closed));
    (0..3).for_each(|_| gate.let_one_pass());
    drop(model);
    assert!(sent.into_iter().all(|sent| sent.join().unwrap().is_ok()));
    assert!(handle.is_closed());
}

#[test]
fn a_model_whose_outputs_do_not_follow_the_batch_is_run_request_by_request() {
    let (enter, entered) = mpsc::channel();
    let (leave, left) = mpsc::channel::<()>();
    let left = Mutex::new(left);
    let factory = fake::factory(signature(), move |inputs| {
        let _ = enter.send(inputs[0].rows());
        let _ = left.lock().unwrap().recv();
        let sum: f32 = inputs[0].as_slice::<f32>().unwrap().iter().sum();
        Ok(vec![Tensor::new(vec![1, 1], vec![sum]).unwrap()])
    });
    let model = Executor::start("m", &factory, ExecutorConfig::default()).unwrap();
    let (handle, gate) = (model.handle(), Gate { entered, leave });
    let first = send(&handle, rows(1.0, 1));
    gate.next_rows();
    let others = [send(&handle, rows(2.0, 1)), send(&handle, rows(3.0, 1))];
    wait_until(|| handle.queued() == 2);
    drop(gate.leave);
    assert!(first.join().unwrap().is_ok());
    for (sent, sum) in others.into_iter().zip([4.0_f32, 6.0]) {
        let answer = sent.join().unwrap().unwrap();
        assert_eq!(answer.outputs[0].1, Tensor::new(vec![1, 1], vec![sum]).unwrap());
        assert_eq!(answer.batch, 1);
    }
}

#[test]
fn tensors_that_the_model_does_not_take_are_refused_by_name() {
    let config = ExecutorConfig { max_batch_elements: 100, ..ExecutorConfig::default() };
    let model = Executor::start("m", &doubling(), config).unwrap();
    let fault = |inputs: Vec<(String, Tensor)>| match model.handle().run_blocking(inputs, soon()) {
        Err(InferenceError::BadInput(fault)) => fault,
        other => panic!("{other:?}"),
    };
    let named = |name: &str, tensor: Tensor| (name.to_owned(), tensor);
    assert_eq!(fault(Vec::new()), InputFault::Missing { name: "x".to_owned() });
    let unknown = fault(vec![named("z", rows(1.0, 1))]);
    assert_eq!(unknown.to_string(), "the model has no input `z`; it has x");
    let twice = fault(vec![named("x", rows(1.0, 1)), named("x", rows(1.0, 1))]);
    assert_eq!(twice, InputFault::Twice { name: "x".to_owned() });
    let bytes = Tensor::new(vec![1, 2], vec![1_u8, 2]).unwrap();
    assert!(matches!(fault(request(bytes)), InputFault::Element { .. }));
    let flat = fault(request(Tensor::new(vec![2], vec![1.0_f32; 2]).unwrap()));
    assert_eq!(flat.to_string(), "input `x` takes the shape [batch, ?], but was given [2]");
    let empty = Tensor::zeros(ElementType::F32, vec![0, 2]).unwrap();
    assert!(matches!(fault(request(empty)), InputFault::Empty { .. }));
    assert_eq!(fault(request(rows(1.0, 51))), InputFault::TooLarge { limit: 100, actual: 102 });
}

#[test]
fn axes_of_one_name_are_equally_long() {
    let axes = |name: &str| ValueInfo {
        name: name.to_owned(),
        element: ElementType::F32,
        shape: Some(vec!["n".into(), 2.into()]),
    };
    let signature = Signature { inputs: vec![axes("a"), axes("b")], outputs: vec![axes("c")] };
    assert!(signature.is_batchable());
    let pair = |a, b| vec![("b".to_owned(), rows(2.0, b)), ("a".to_owned(), rows(1.0, a))];
    let ordered = signature.order(pair(3, 3)).unwrap();
    assert_eq!(ordered, [rows(1.0, 3), rows(2.0, 3)]);
    assert!(matches!(signature.order(pair(3, 2)), Err(InputFault::Shape { .. })));
    let mut other = signature;
    other.outputs[0].shape = Some(vec!["m".into(), 2.into()]);
    assert!(!other.is_batchable());
}
