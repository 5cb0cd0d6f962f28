//! Where this computer may have ONNX Runtime.

use std::env;
use std::path::PathBuf;

use crate::inference::LibrarySearch;

/// The variable that names the library, known to every program that loads it.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// Gathers the places to look for ONNX Runtime: the setting, the variable, beside the program,
/// and where `scripts/fetch-onnxruntime` puts it.
pub fn library_search(setting: Option<PathBuf>) -> LibrarySearch {
    let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || path("HOME").map(|home| home.join(".local").join("share"));
    let program = env::current_exe().ok();
    LibrarySearch {
        setting,
        variable: path(VARIABLE),
        executable: program.and_then(|program| Some(program.parent()?.to_owned())),
        data: path("XDG_DATA_HOME").or_else(home).map(|data| data.join("cogd").join("lib")),
    }
}
