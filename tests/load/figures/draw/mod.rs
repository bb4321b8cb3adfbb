//! Plots as SVG: panels one above the other, with one legend over all of them, on white, so that a dark page shows them too.
//!
//! The legend has a line of its own, as one inside a panel would hide curves. Colours can be told apart by who sees few.

mod axis;

use plotters::coord::Shift;
use plotters::prelude::*;

pub(crate) use axis::{Axis, number};

const WIDTH: u32 = 860;
const TITLE_HEIGHT: u32 = 44;
const LEGEND_HEIGHT: u32 = 30;
const PANEL_HEIGHT: u32 = 290;
const FONT: &str = "sans-serif";
const COLOURS: [RGBColor; 5] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167), RGBColor(86, 86, 86)];
const GRID: RGBColor = RGBColor(222, 222, 222);

/// A drawing.
#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) panels: Vec<Panel>,
}

/// Curves over the same axes. The curves of all panels of a plot have the same names in the same order.
#[derive(Debug)]
pub(crate) struct Panel {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) curves: Vec<Curve>,
}

/// A curve.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether each point shows, as one that was measured by itself.
    pub(crate) dotted: bool,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Plot {
    /// The text of the file.
    pub(crate) fn svg(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        let legend = self.panels.first().filter(|panel| panel.curves.len() > 1);
        let above = TITLE_HEIGHT + legend.map_or(0, |_| LEGEND_HEIGHT);
        let panels = u32::try_from(self.panels.len())?;
        {
            let root = SVGBackend::with_string(&mut text, (WIDTH, above + panels * PANEL_HEIGHT)).into_drawing_area();
            root.fill(&WHITE)?;
            root.draw(&Text::new(self.title.as_str(), (18, 14), (FONT, 24)))?;
            let (head, body) = root.split_vertically(above);
            if let Some(panel) = legend {
                draw_legend(&head, &panel.curves)?;
            }
            for (panel, area) in self.panels.iter().zip(body.split_evenly((self.panels.len(), 1))) {
                panel.draw(&area)?;
            }
            root.present()?;
        }
        Ok(text)
    }
}

fn draw_legend(area: &Area<'_>, curves: &[Curve]) -> anyhow::Result<()> {
    let (mut left, middle) = (84, i32::try_from(TITLE_HEIGHT + LEGEND_HEIGHT / 2)?);
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        area.draw(&PathElement::new([(left, middle), (left + 26, middle)], colour.stroke_width(3)))?;
        area.draw(&Text::new(curve.name.clone(), (left + 34, middle - 8), (FONT, 18)))?;
        // No width of a text is known here: that of wide letters leaves room enough.
        left += 34 + 26 + 9 * i32::try_from(curve.name.chars().count())?;
    }
    Ok(())
}

impl Panel {
    fn draw(&self, area: &Area<'_>) -> anyhow::Result<()> {
        let Self { x, y, curves } = self;
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .margin_right(28)
            .x_label_area_size(46)
            .y_label_area_size(74)
            .build_cartesian_2d(x.clone(), y.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(BLACK)
            .x_desc(x.name.as_str())
            .y_desc(y.name.as_str())
            .x_label_formatter(&|value| number(*value))
            .y_label_formatter(&|value| number(*value))
            .axis_desc_style((FONT, 18))
            .label_style((FONT, 17))
            .draw()?;
        for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
            chart.draw_series(LineSeries::new(curve.points.iter().copied(), colour.stroke_width(2)))?;
            if curve.dotted {
                chart.draw_series(curve.points.iter().map(|point| Circle::new(*point, 4, colour.filled())))?;
            }
        }
        Ok(())
    }
}
