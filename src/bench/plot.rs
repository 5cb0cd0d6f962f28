//! Line plots as SVG.

use plotters::prelude::{
    BLACK, ChartBuilder, Color, IntoDrawingArea, IntoLogRange, LineSeries, PathElement, RGBColor,
    SVGBackend, SeriesLabelPosition, WHITE,
};

use super::experiment::BenchError;

/// One line of a plot.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its points `(x, y)`.
    pub points: Vec<(f64, f64)>,
}

/// The scale of the vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal distances are equal differences.
    Linear,
    /// Equal distances are equal ratios; values must be positive.
    Logarithmic,
}

/// Eight colours that the colour-blind can tell apart (Okabe and Ito 2008), darkest last.
const COLORS: [RGBColor; 8] = [
    RGBColor(0, 0, 0),
    RGBColor(213, 94, 0),
    RGBColor(0, 114, 178),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(120, 120, 120),
];

/// Draws lines over each other, 720×420.
///
/// # Errors
/// [`BenchError::Figure`] if there is nothing to draw or the library fails.
pub fn draw(
    title: &str,
    axes: (&str, &str),
    scale: Scale,
    lines: &[Line],
) -> Result<String, BenchError> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let range = |value: fn(&(f64, f64)) -> f64| {
        let low = points().map(value).fold(f64::INFINITY, f64::min);
        let high = points().map(value).fold(f64::NEG_INFINITY, f64::max);
        (low, high)
    };
    let ((left, right), (bottom, top)) = (range(|p| p.0), range(|p| p.1));
    if !(left < right && bottom <= top) {
        return Err(BenchError::Figure { reason: "there are no points".to_owned() });
    }
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (720, 420)).into_drawing_area();
        let fault =
            |error: &dyn std::fmt::Display| BenchError::Figure { reason: error.to_string() };
        area.fill(&WHITE).map_err(|e| fault(&e))?;
        let mut builder = ChartBuilder::on(&area);
        builder.caption(title, ("sans-serif", 18)).margin(12);
        builder.x_label_area_size(40).y_label_area_size(60);
        // The two scales are two types, so the drawing is written once as a macro.
        macro_rules! chart {
            ($vertical:expr) => {{
                let built = builder.build_cartesian_2d(left..right, $vertical);
                let mut chart = built.map_err(|e| fault(&e))?;
                let mut mesh = chart.configure_mesh();
                mesh.light_line_style(WHITE).x_desc(axes.0).y_desc(axes.1);
                mesh.draw().map_err(|e| fault(&e))?;
                for (line, color) in lines.iter().zip(COLORS.iter().cycle()) {
                    let series =
                        LineSeries::new(line.points.iter().copied(), color.stroke_width(2));
                    chart.draw_series(series).map_err(|e| fault(&e))?.label(&line.name).legend(
                        move |(x, y)| {
                            PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                        },
                    );
                }
                let mut legend = chart.configure_series_labels();
                legend.background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3));
                legend.position(SeriesLabelPosition::MiddleRight);
                legend.draw().map_err(|e| fault(&e))?;
            }};
        }
        let margin = (0.04 * (top - bottom)).max(1e-9);
        match scale {
            Scale::Linear => chart!(bottom - margin..top + margin),
            Scale::Logarithmic => chart!((bottom..top).log_scale()),
        }
        area.present().map_err(|e| fault(&e))?;
    }
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::{Line, Scale, draw};

    #[test]
    fn a_plot_names_its_lines_and_axes() {
        let points = vec![(0.0, 1.0), (1.0, 10.0)];
        let line = Line { name: "first line".to_owned(), points };
        for scale in [Scale::Linear, Scale::Logarithmic] {
            let svg =
                draw("a title", ("time", "value"), scale, std::slice::from_ref(&line)).unwrap();
            for text in ["a title", "time", "value", "first line", "polyline"] {
                assert!(svg.contains(text), "{text}");
            }
        }
        assert!(draw("a title", ("x", "y"), Scale::Linear, &[]).is_err());
    }
}
