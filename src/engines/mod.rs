//! Repairs a picture: encoded images in, an encoded image and a report out.
//!
//! [`process`] is the one road, for the command line and the service alike: validate, decode,
//! solve, encode. [`restore`] is the middle of it, for pictures that are no files. What solves is
//! our own solver or one of the [`Networks`] of the caller. Large pictures are worked on in
//! [`regions`] around their holes. Synchronous, without a clock: whoever watches ([`Observer`]) has
//! one.

mod afar;
mod catalogue;
mod color;
mod context;
mod dictionaries;
mod draft;
mod error;
mod explain;
mod inpaint;
mod learn;
mod network;
mod notes;
mod outcome;
mod pipeline;
mod reconstruct;
pub mod regions;
mod spec;

pub use catalogue::{EngineDescription, ParameterDescription, catalogue};
pub use context::{Environment, Observer, Stage};
pub use dictionaries::{
    DictionaryChoice, DictionaryDescription, describe_dictionaries, describe_dictionary,
    dictionary_names, dictionary_sheet, draw_sheet,
};
pub use error::EngineError;
pub use explain::{
    Comparison, ExplainOptions, Explanation, Filler, Fillers, IterationReport, ReportDetail,
    ResidualMap, UnknownFiller,
};
pub use inpaint::{Summary, inpaint};
pub use learn::{LearnSpec, learn};
pub use network::{
    Features, InvalidNetwork, Network, NetworkError, NetworkName, Networks, NoNetworks,
    check_engine, features,
};
pub use notes::Note;
pub use outcome::{Answer, Report, Warning};
pub use pipeline::{process, restore};
pub use spec::{EngineChoice, Options, OutputOptions, ParameterFault, Request, RestoreSpec, Task};
