//! What the page is told before it begins.

use serde::Serialize;
use utoipa::ToSchema;

/// The name of the only model.
pub(super) const MODEL: &str = "cogd";

/// What the page can offer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the page asks for all of them")]
pub(super) struct ServerConfig {
    /// None.
    plugins: Vec<String>,
    model_infos: Vec<ModelInfo>,
    // The page cannot do without a text in these.
    #[serde(rename = "removeBGModel")]
    remove_bg_model: &'static str,
    #[serde(rename = "removeBGModels")]
    remove_bg_models: Vec<String>,
    realesrgan_model: &'static str,
    realesrgan_models: Vec<String>,
    interactive_seg_model: &'static str,
    interactive_seg_models: Vec<String>,
    enable_file_manager: bool,
    enable_auto_saving: bool,
    enable_controlnet: bool,
    controlnet_method: Option<String>,
    disable_model_switch: bool,
    is_desktop: bool,
    /// Our engines.
    #[schema(example = json!(["auto", "csc"]))]
    samplers: Vec<String>,
}

impl ServerConfig {
    pub(super) fn new(samplers: Vec<String>) -> Self {
        Self {
            plugins: Vec::new(),
            model_infos: vec![ModelInfo::OURS],
            remove_bg_model: "",
            remove_bg_models: Vec::new(),
            realesrgan_model: "",
            realesrgan_models: Vec::new(),
            interactive_seg_model: "",
            interactive_seg_models: Vec::new(),
            enable_file_manager: false,
            enable_auto_saving: false,
            enable_controlnet: false,
            controlnet_method: None,
            disable_model_switch: true,
            is_desktop: false,
            samplers,
        }
    }
}

/// A model, as the page knows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the page asks for all of them")]
pub(super) struct ModelInfo {
    #[schema(example = "cogd")]
    name: &'static str,
    #[schema(example = "cogd")]
    path: &'static str,
    /// Of this type the page shows steps and samplers, a button to run, and progress.
    #[schema(example = "diffusers_other")]
    model_type: &'static str,
    is_single_file_diffusers: bool,
    need_prompt: bool,
    controlnets: &'static [&'static str],
    brushnets: &'static [&'static str],
    support_strength: bool,
    support_outpainting: bool,
    support_lcm_lora: bool,
    support_controlnet: bool,
    support_brushnet: bool,
    support_powerpaint_v2: bool,
}

impl ModelInfo {
    /// The only one.
    pub(super) const OURS: Self = Self {
        name: MODEL,
        path: MODEL,
        model_type: "diffusers_other",
        is_single_file_diffusers: false,
        need_prompt: false,
        controlnets: &[],
        brushnets: &[],
        support_strength: false,
        support_outpainting: false,
        support_lcm_lora: false,
        support_controlnet: false,
        support_brushnet: false,
        support_powerpaint_v2: false,
    };
}

/// What a picture says of how it was made, which is not looked at.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct Prompts {
    /// Always empty.
    prompt: &'static str,
    /// Always empty.
    negative_prompt: &'static str,
}
