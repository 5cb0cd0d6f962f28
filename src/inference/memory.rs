//! What a loaded model takes, before it is loaded.

use crate::onnx::Inspection;

/// Graph, plans and threads of a session, besides the weights.
const SESSION: u64 = 8 << 20;

/// Memory that one session of a model holds, estimated from its file.
///
/// The weights are held once, by measurement: 36 MB for a file of 38 MB. Results between layers
/// come on top; they depend on the sizes of the requests and stay with the session when its arena
/// is on. So do the bytes of the file, if they are kept in memory to load it anew.
pub fn resident_estimate(inspection: &Inspection) -> u64 {
    inspection.weight_bytes.saturating_add(inspection.weight_bytes / 8).saturating_add(SESSION)
}
