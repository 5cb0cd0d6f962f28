//! Which form of coupling helps, and is it the coupling?

use crate::cogd::Kernel;
use crate::csc::learn::{
    Acceleration, Coupling, CouplingForm, FilterSet, LearnParameters, Sparsity,
};

use super::comparison::Method;

/// Every form of coupling against plain descent.
///
/// The first method is plain descent with momentum restarted in every outer iteration; separable
/// filters come last, after a plain run of their own.
pub fn ablation_methods(iterations: usize) -> Vec<Method> {
    let base = LearnParameters {
        filters: 32,
        iterations,
        sparsity: Sparsity::L1 { lambda: 0.2 },
        acceleration: Acceleration::WithinBlock,
        ..LearnParameters::default()
    };
    let coupled = |form, kernel| LearnParameters {
        coupling: Some(Coupling::new(form, kernel)),
        ..base.clone()
    };
    let (linear, square) = (Kernel::Linear, Kernel::Polynomial { degree: 2 });
    let carried =
        |parameters| LearnParameters { acceleration: Acceleration::Carried, ..parameters };
    let separable = |parameters| LearnParameters { filter_set: FilterSet::Separable, ..parameters };
    let maps = CouplingForm::MapsWithFilters;
    let methods = [
        ("plain", base.clone()),
        ("maps with filters, linear", coupled(maps, linear)),
        ("maps with filters, polynomial 2", coupled(maps, square)),
        ("maps with filters, polynomial 3", coupled(maps, Kernel::Polynomial { degree: 3 })),
        ("filters with maps, linear", coupled(CouplingForm::FiltersWithMaps, linear)),
        ("elements with filters, trust region", coupled(CouplingForm::ElementsWithFilters, linear)),
        ("thresholds with filters", coupled(CouplingForm::ThresholdsWithFilters, linear)),
        ("maps, before the proximal step", coupled(CouplingForm::BeforeProximalStep, linear)),
        ("momentum of gated maps", coupled(CouplingForm::MomentumOfMaps, linear)),
        ("control: random factors", coupled(CouplingForm::RandomControl, linear)),
        ("control: sign only", coupled(CouplingForm::SignControl, linear)),
        ("plain, momentum carried on", carried(base.clone())),
        ("maps, linear, momentum carried on", carried(coupled(maps, linear))),
        (
            "thresholds, momentum carried on",
            carried(coupled(CouplingForm::ThresholdsWithFilters, linear)),
        ),
        ("separable, plain", separable(base.clone())),
        ("separable, factors coupled", separable(coupled(CouplingForm::SeparableFactors, linear))),
    ];
    methods.map(|(name, parameters)| Method { name: name.to_owned(), parameters }).to_vec()
}
