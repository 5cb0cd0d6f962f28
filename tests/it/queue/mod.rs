//! What every queue does, on every engine: each test is a function over a world, run on SQLite
//! always, on PostgreSQL where `TEST_DATABASE_URL` names a server, and on PostgreSQL with NATS
//! where `TEST_NATS_URL` names one as well.

mod claims;
mod ends;
mod owners;
mod waking;

/// Runs these functions on all engines.
macro_rules! on_every_engine {
    ($($test:ident),+ $(,)?) => {
        $crate::queue::on_every_engine!(@engine sqlite Sqlite $($test)+);
        $crate::queue::on_every_engine!(@engine postgres Postgres $($test)+);
        $crate::queue::on_every_engine!(@engine nats Nats $($test)+);
    };
    (@engine $module:ident $engine:ident $($test:ident)+) => {
        mod $module {
            use crate::support::world::{Engine, run};

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    run(Engine::$engine, super::$test).await;
                }
            )+
        }
    };
}
pub(crate) use on_every_engine;
