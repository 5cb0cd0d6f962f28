//! A client: asks one thing after the other, and judges the answers.

use std::io;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::tally::{Ending, Tally};
use super::target::Target;
use crate::bench::{LoadCase, LoadCases};
use crate::cli::connection::{Connection, Reply};
use crate::http::ProblemCode;
use crate::numerics::Random;

/// Longer than any deadline of a service at its defaults.
const PATIENCE: Duration = Duration::from_mins(10);
/// Longest pause of a client that was told to come back later.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Time between two looks at a job.
const LOOK: Duration = Duration::from_millis(100);

/// Which share of its requests a client makes how. The rest is sound, and waits for its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    pub(super) hostile: f32,
    pub(super) leaving: f32,
    pub(super) jobs: f32,
}

impl Habits {
    pub(super) fn are_shares(self) -> bool {
        let shares = [self.hostile, self.leaving, self.jobs];
        shares.iter().all(|share| *share >= 0.0) && shares.iter().sum::<f32>() <= 1.0
    }
}

pub(super) struct Client {
    target: Arc<Target>,
    cases: Arc<LoadCases>,
    tally: Arc<Tally>,
    habits: Habits,
    random: Random,
    connection: Option<Connection>,
}

/// What a client makes of an answer.
struct Judged {
    ending: Ending,
    /// When it may ask again.
    pause: Duration,
}

impl Client {
    pub(super) fn new(
        (target, cases, tally): (Arc<Target>, Arc<LoadCases>, Arc<Tally>),
        habits: Habits,
        seed: u64,
    ) -> Self {
        let random = Random::seeded(seed);
        Self { target, cases, tally, habits, random, connection: None }
    }

    /// Asks until the time is over.
    pub(super) fn run(mut self, began: Instant, time: Duration) {
        while began.elapsed() < time {
            let dice = self.random.unit();
            let cases = Arc::clone(&self.cases);
            if dice < self.habits.hostile {
                let case = &cases.hostile[self.random.below(cases.hostile.len())];
                let judged = self.ask(&self.target.form(case, false), judge_refusal);
                self.tally.note(case.name, None, &judged.ending, None);
                continue;
            }
            let case = cases.pick(&mut self.random);
            if dice < self.habits.hostile + self.habits.leaving {
                let ending = self.leave(case);
                self.tally.note(case.name, case.class, &ending, None);
            } else if dice < self.habits.hostile + self.habits.leaving + self.habits.jobs {
                let start = Instant::now();
                let judged = self.job(case);
                self.tally.note("job", case.class, &judged.ending, Some(start.elapsed()));
                sleep(judged.pause);
            } else {
                let request = self.target.form(case, false);
                let (start, tally) = (Instant::now(), Arc::clone(&self.tally));
                let judged = self.ask(&request, |reply| judge_picture(&tally, case, reply));
                self.tally.note(case.name, case.class, &judged.ending, Some(start.elapsed()));
                sleep(judged.pause);
            }
        }
    }

    /// Asks on the open connection, or on a new one.
    fn ask(&mut self, request: &[u8], judge: impl Fn(Reply<'_>) -> Judged) -> Judged {
        // A server may have closed an idle connection; a new one must answer.
        if let Some(mut connection) = self.connection.take()
            && let Ok(judged) = Self::ask_on(&mut connection, request, &judge)
        {
            return self.keep(connection, judged);
        }
        let asked = Connection::open(self.target.address)
            .and_then(|connection| connection.with_patience(PATIENCE))
            .and_then(|mut connection| {
                let judged = Self::ask_on(&mut connection, request, &judge)?;
                Ok((connection, judged))
            });
        match asked {
            Ok((connection, judged)) => self.keep(connection, judged),
            Err(error) => unexpected(format!("no answer: {error}")),
        }
    }

    fn ask_on(
        connection: &mut Connection,
        request: &[u8],
        judge: impl Fn(Reply<'_>) -> Judged,
    ) -> io::Result<(Judged, bool)> {
        let reply = connection.ask(request)?;
        Ok((judge(reply), reply.is_last()))
    }

    fn keep(&mut self, connection: Connection, (judged, is_last): (Judged, bool)) -> Judged {
        self.connection = (!is_last).then_some(connection);
        judged
    }

    /// Sends a request, or most of one, and hangs up before the answer.
    fn leave(&mut self, case: &LoadCase) -> Ending {
        let request = self.target.form(case, false);
        let in_its_midst = self.random.below(2) == 0;
        let sent = if in_its_midst { &request[..request.len() / 2] } else { &request[..] };
        let pause = Duration::from_millis(self.random.below(300) as u64);
        let left = Connection::open(self.target.address).and_then(|mut connection| {
            connection.send(sent)?;
            sleep(pause);
            Ok(())
        });
        match left {
            Ok(()) if in_its_midst => Ending::Expected("left in the midst of it".to_owned()),
            Ok(()) => Ending::Expected("left before the answer".to_owned()),
            Err(error) => Ending::Unexpected(format!("not even taken: {error}")),
        }
    }

    /// Has a request become a job, follows it, fetches its result, and has it forgotten.
    fn job(&mut self, case: &LoadCase) -> Judged {
        let mut judged = self.ask(&self.target.form(case, true), judge_acceptance);
        let Ending::Expected(here) = &judged.ending else { return judged };
        // A refusal that is documented.
        let Some(here) = here.strip_prefix("202 ").map(str::to_owned) else { return judged };
        let began = Instant::now();
        loop {
            let asked = self.ask(&self.target.plain("GET", &here), judge_job);
            match &asked.ending {
                Ending::Expected(state) if state == "succeeded" => break,
                Ending::Expected(_) if began.elapsed() < PATIENCE => sleep(LOOK),
                Ending::Expected(state) => {
                    judged.ending = Ending::Unexpected(format!("the job is still {state}"));
                    return judged;
                }
                Ending::Unexpected(_) => return asked,
            }
        }
        let (result, tally) = (format!("{here}/result"), Arc::clone(&self.tally));
        let request = self.target.plain("GET", &result);
        let fetched = self.ask(&request, |reply| judge_picture(&tally, case, reply));
        let forgotten = self.ask(&self.target.plain("DELETE", &here), |reply| match reply.status {
            204 => expected("204"),
            _ => judge_problem(reply),
        });
        if matches!(forgotten.ending, Ending::Unexpected(_)) { forgotten } else { fetched }
    }
}

fn expected(what: impl Into<String>) -> Judged {
    Judged { ending: Ending::Expected(what.into()), pause: Duration::ZERO }
}

fn unexpected(what: impl Into<String>) -> Judged {
    Judged { ending: Ending::Unexpected(what.into()), pause: Duration::ZERO }
}

/// A picture, the same one every time.
fn judge_picture(tally: &Tally, case: &LoadCase, reply: Reply<'_>) -> Judged {
    if reply.status != 200 {
        return judge_problem(reply);
    }
    let is_picture = reply.header("content-type").is_some_and(|kind| kind.starts_with("image/"));
    if !is_picture || reply.body.is_empty() {
        return unexpected("200 without a picture");
    }
    if !tally.is_as_before(case, reply.body) {
        return unexpected("200 with other bytes than before");
    }
    expected("200")
}

/// 202 and the address of the job.
fn judge_acceptance(reply: Reply<'_>) -> Judged {
    match (reply.status, reply.header("location")) {
        (202, Some(here)) => expected(format!("202 {here}")),
        (202, None) => unexpected("202 without an address"),
        _ => judge_problem(reply),
    }
}

/// The state of a job that has not failed.
fn judge_job(reply: Reply<'_>) -> Judged {
    let job: Value = match serde_json::from_slice(reply.body) {
        Ok(job) if reply.status == 200 => job,
        _ => return unexpected(format!("{} for a job", reply.status)),
    };
    match job["state"].as_str() {
        Some(state @ ("queued" | "running" | "succeeded")) => expected(state),
        state => unexpected(format!("a sound job is {state:?}: {}", job["error"])),
    }
}

/// A refusal of what has to be refused.
fn judge_refusal(reply: Reply<'_>) -> Judged {
    match code(reply) {
        Some(code) if (400..500).contains(&reply.status) => {
            expected(format!("{} {}", reply.status, code.describe().slug))
        }
        _ => unexpected(format!("{} for a hostile request", reply.status)),
    }
}

/// A refusal that a sound request may meet while there is too much to do.
fn judge_problem(reply: Reply<'_>) -> Judged {
    use ProblemCode as C;
    let found = code(reply);
    let Some(code @ (C::TooBusy | C::TooManyJobs | C::TooManyRequests | C::DeadlineExceeded)) =
        found
    else {
        let what = found.map_or("no documented problem", |code| code.describe().slug);
        return unexpected(format!("{} {what}", reply.status));
    };
    let wait = reply.header("retry-after").and_then(|wait| wait.parse().ok());
    let pause = wait.map_or(Duration::ZERO, Duration::from_secs).min(LONGEST_PAUSE);
    Judged { ending: Ending::Expected(format!("{} {}", reply.status, code.describe().slug)), pause }
}

/// The documented problem that an answer is, with the status that is documented for it.
fn code(reply: Reply<'_>) -> Option<ProblemCode> {
    let is_problem = reply.header("content-type") == Some("application/problem+json");
    let problem: Value = serde_json::from_slice(reply.body).ok().filter(|_| is_problem)?;
    let code = ProblemCode::find(problem["type"].as_str()?.rsplit('/').next()?)?;
    (code.describe().status.as_u16() == reply.status).then_some(code)
}
