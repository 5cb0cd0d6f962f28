//! scratch driver
use cogd::bench::{Assignment, masked, measure};
use cogd::cogd::Kernel;
use cogd::csc::learn::*;
use cogd::imaging::{ImageLimits, decode};
use cogd::numerics::Plane;

fn load(dir: &str) -> Vec<Plane<f32>> {
    (1..=10)
        .map(|i| {
            let bytes = std::fs::read(format!("{dir}/{i}.jpg")).unwrap();
            let picture = decode(&bytes, &ImageLimits::default()).unwrap();
            let r = &picture.raster;
            let n = r.model().color_channels();
            let planes: Vec<_> = (0..n).map(|c| r.read(c, r.region())).collect();
            if n == 1 {
                planes[0].clone()
            } else {
                Plane::from_fn(r.height(), r.width(), |y, x| {
                    0.299 * planes[0].at(y, x)
                        + 0.587 * planes[1].at(y, x)
                        + 0.114 * planes[2].at(y, x)
                })
            }
        })
        .collect()
}

fn bench(kind: &str) {
    use cogd::bench::*;
    let limit: usize = std::env::args()
        .find_map(|v| v.strip_prefix("n=").map(|v| v.parse().unwrap()))
        .unwrap_or(10);
    let iterations: usize = std::env::args()
        .find_map(|v| v.strip_prefix("t=").map(|v| v.parse().unwrap()))
        .unwrap_or(if kind == "paper" { 20 } else { 40 });
    let sets: Vec<ImageSet> = ["fruit", "city"]
        .iter()
        .map(|name| ImageSet {
            name: (*name).to_owned(),
            images: load(&format!("/work/shared/data/{name}"))[..limit].to_vec(),
        })
        .collect();
    std::fs::create_dir_all("/tmp/bench").unwrap();
    if kind == "paper" {
        let plan = PaperPlan { iterations, ..PaperPlan::default() };
        let report = plan.run(&sets).unwrap();
        println!("{}", report.markdown());
        std::fs::write("/tmp/bench/paper.json", serde_json::to_vec(&report).unwrap()).unwrap();
        for c in &report.comparisons {
            for f in comparison_figures(c).unwrap() {
                std::fs::write(format!("/tmp/bench/{}", f.file), f.svg).unwrap();
            }
        }
        let f = saddle_figure().unwrap();
        std::fs::write(format!("/tmp/bench/{}", f.file), f.svg).unwrap();
    } else {
        for set in &sets {
            for task in [Assignment::Inpainting, Assignment::Reconstruction] {
                if task == Assignment::Reconstruction && kind == "ablation-inp" {
                    continue;
                }
                let c =
                    Comparison::run(set, task, &ablation_methods(iterations), &[1, 2, 3]).unwrap();
                println!("### {} {task:?}\n\n{}", set.name, c.markdown());
            }
        }
    }
}

fn main() {
    if let Some(kind) = std::env::args().find_map(|v| v.strip_prefix("bench=").map(str::to_owned)) {
        return bench(&kind);
    }
    let a: Vec<String> = std::env::args().collect();
    let get = |key: &str, default: &str| {
        a.iter()
            .find_map(|v| v.strip_prefix(&format!("{key}=")).map(str::to_owned))
            .unwrap_or(default.to_owned())
    };
    let images = load(&format!("/work/shared/data/{}", get("set", "fruit")));
    let n: usize = get("n", "5").parse().unwrap();
    let images = &images[..n];
    let task = if get("task", "inp") == "inp" {
        Assignment::Inpainting
    } else {
        Assignment::Reconstruction
    };
    let lambda: f32 = get("lambda", "0.2").parse().unwrap();
    let last: f32 = get("last", "0").parse().unwrap();
    let norm = match get("norm", "contrast").as_str() {
        "none" => Normalization::None,
        "mean" => Normalization::LocalMean { sigma: 4.77 },
        _ => Normalization::LOCAL_CONTRAST,
    };
    let form = match get("form", "none").as_str() {
        "z" => Some(CouplingForm::MapsWithFilters),
        "sign" => Some(CouplingForm::SignControl),
        _ => None,
    };
    let p = LearnParameters {
        filters: get("k", "32").parse().unwrap(),
        support: get("s", "11").parse().unwrap(),
        sparsity: if last > 0.0 {
            Sparsity::FallingThreshold { first: lambda, last }
        } else {
            Sparsity::L1 { lambda }
        },
        iterations: get("t", "40").parse().unwrap(),
        code_steps: get("cs", "3").parse().unwrap(),
        filter_steps: get("fs", "3").parse().unwrap(),
        normalization: norm,
        acceleration: if get("acc", "carried") == "carried" {
            Acceleration::Carried
        } else {
            Acceleration::WithinBlock
        },
        coupling: form.map(|f| Coupling::new(f, Kernel::Linear)),
        seed: get("seed", "0").parse().unwrap(),
        ..LearnParameters::default()
    };
    let m = masked(images, task, 1000);
    let points = measure(images, &m, &p).unwrap();
    for q in points.iter().filter(|q| q.iteration % 10 == 0 || q.iteration == 1) {
        println!(
            "{:3} {:6.2}s obj {:.3} dens {:.4} psnr {:.3} bt {:.2}/{:.3} {:?}",
            q.iteration,
            q.cpu_s,
            q.objective,
            q.density,
            q.psnr,
            q.published_psnr,
            q.published_ssim,
            q.ssim
        );
    }
}
