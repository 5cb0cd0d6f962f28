//! `cogd export`.

use std::path::PathBuf;

/// Write a trained network as ONNX, norms and masks folded into its convolutions
///
/// The file is run in ONNX Runtime before it is written, and must compute what the code computes
/// that the network was trained with.
#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// The network, the checkpoint of a run, or a file that this command wrote
    #[arg(value_name = "FILE")]
    network: PathBuf,

    /// Do not run it, as where ONNX Runtime is not installed
    #[arg(long)]
    unchecked: bool,

    /// Write weights of half precision, and have the network computed with it; says how far the
    /// result is from that of single precision
    #[arg(long)]
    half: bool,

    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[cfg(not(feature = "train"))]
impl Export {
    pub(super) fn run(self) -> anyhow::Result<()> {
        super::train::absent(&self)
    }
}

#[cfg(feature = "train")]
mod at_work {
    use anyhow::ensure;

    use super::Export;
    use crate::cli::files;
    use crate::cli::session::session;
    use crate::cli::train::SavedNetwork;
    use crate::inference::{Device, Tensor};
    use crate::network::{Graph, Parameters, export};
    use crate::numerics::Random;
    use crate::onnx::Model;
    use crate::train::{Block, TrainingDevice, compute};

    /// Largest difference that rounding explains, relative to the largest number of the output
    /// where that is above one.
    const TOLERANCE: f32 = 1e-4;

    /// The same for eleven bits of mantissa in place of 24.
    const HALF_TOLERANCE: f32 = 0.02;

    impl Export {
        pub(in crate::cli) fn run(self) -> anyhow::Result<()> {
            files::ensure_folder_of(&self.output)?;
            let (graph, parameters) = SavedNetwork::read_whole(&self.network)?;
            let name = self.output.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let mut model = export(&name, &graph, &parameters)?;
            if self.half {
                model = model.halved()?;
            }
            if !self.unchecked {
                let difference = difference(&graph, &parameters, &model)?;
                let tolerance = if self.half { HALF_TOLERANCE } else { TOLERANCE };
                ensure!(
                    difference <= tolerance,
                    "the file computes something else than the network: the difference is \
                     {difference:e}"
                );
                if self.half {
                    crate::cli::print(&format!("largest difference {difference:e}\n"))?;
                }
            }
            files::write(&self.output, &model.encode())
        }
    }

    /// How far ONNX Runtime is from the code that trains, on noise.
    fn difference(graph: &Graph, parameters: &Parameters, model: &Model) -> anyhow::Result<f32> {
        /// Rows and columns of the noise; every network in use takes it.
        const SIDE: usize = 64;
        let channels = graph.channels(graph.input());
        let mut random = Random::seeded(1);
        let values: Vec<f32> = (0..channels * SIDE * SIDE).map(|_| random.unit()).collect();
        let shape = [1, channels, SIDE, SIDE];
        let input = Block { shape, values: values.clone() };
        let wanted = compute(graph, parameters, &input, TrainingDevice::Flex)?;
        let given = session(model, Device::Cpu)?.run(&[Tensor::new(shape.to_vec(), values)?])?;
        let given = given.first().and_then(|output| output.as_slice::<f32>()).unwrap_or_default();
        ensure!(given.len() == wanted.len(), "the file gives an output of another size");
        let scale = wanted.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
        let far = given.iter().zip(&wanted).map(|(a, b)| (a - b).abs() / scale);
        // A number that is none is as far as can be.
        Ok(far.fold(0.0, |most, far| if far > most || far.is_nan() { far } else { most }))
    }
}
