//! The figures of profiles, as JSON from which the report can be made again, and each with what it was made by.

mod draw;
mod machine;
mod page;
mod plots;

use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::profile::{Burst, LargeBatches, ManySites, Measured, SlowMeta, Soak, Steady};
use draw::Plot;
pub(crate) use machine::{Made, processor, said_by};

/// The name of the file in the folder of a report.
const FILE: &str = "figures.json";

/// What was measured. A profile that was not run is missing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Figures {
    pub(crate) steady: Option<Section<Steady>>,
    pub(crate) burst: Option<Section<Burst>>,
    pub(crate) many_sites: Option<Section<ManySites>>,
    pub(crate) large_batches: Option<Section<LargeBatches>>,
    pub(crate) slow_meta: Option<Section<SlowMeta>>,
    pub(crate) soak: Option<Section<Soak>>,
}

/// A profile.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Section<T> {
    pub(crate) made: Made,
    pub(crate) figures: T,
}

impl Figures {
    /// Takes one.
    pub(crate) fn add(&mut self, made: Made, measured: Measured) {
        match measured {
            Measured::Steady(figures) => self.steady = Some(Section { made, figures }),
            Measured::Burst(figures) => self.burst = Some(Section { made, figures }),
            Measured::ManySites(figures) => self.many_sites = Some(Section { made, figures }),
            Measured::LargeBatches(figures) => self.large_batches = Some(Section { made, figures }),
            Measured::SlowMeta(figures) => self.slow_meta = Some(Section { made, figures }),
            Measured::Soak(figures) => self.soak = Some(Section { made, figures }),
        }
    }

    /// Those of the report in a folder, which is made if it is not there.
    pub(crate) fn of_folder(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let file = folder.join(FILE);
        if file.exists() { Self::read(&file) } else { Ok(Self::default()) }
    }

    /// Those of a file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} holds no figures of `load`", path.display()))
    }

    /// These, and what the other has in place of them.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            steady: other.steady.or(self.steady),
            burst: other.burst.or(self.burst),
            many_sites: other.many_sites.or(self.many_sites),
            large_batches: other.large_batches.or(self.large_batches),
            slow_meta: other.slow_meta.or(self.slow_meta),
            soak: other.soak.or(self.soak),
        }
    }

    /// Writes the figures, the report and its plots into a folder.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string(self).context("figures can be written")?;
        write(&folder.join(FILE), &(text + "\n"))?;
        for (name, plot) in self.plots() {
            write(&folder.join(name), &(plot.svg()? + "\n"))?;
        }
        write(&folder.join("report.md"), &self.page())
    }

    fn plots(&self) -> Vec<(&'static str, Plot)> {
        let steady = self.steady.iter().map(|section| ("latency.svg", plots::latency(&section.figures)));
        let large = self.large_batches.iter().flat_map(|Section { figures, .. }| {
            [("batches.svg", plots::batches(figures)), ("sizes.svg", plots::sizes(figures))]
        });
        let sites = self.many_sites.iter().map(|section| ("sites.svg", plots::sites(&section.figures)));
        let slow = self.slow_meta.iter().map(|section| ("slow.svg", plots::slow(&section.figures)));
        let soak = self.soak.iter().map(|section| ("soak.svg", plots::soak(&section.figures)));
        steady.chain(large).chain(sites).chain(slow).chain(soak).collect()
    }
}

/// Writes a file, and says which one it could not write.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
