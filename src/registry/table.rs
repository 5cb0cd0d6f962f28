//! What is known of every model: which versions there are, and what state each is in.
//!
//! Decisions alone; nothing here reads files or loads anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::folder::{Listing, Stamp};
use super::lease::Loaded;
use super::{ModelName, RegistryError, RegistryFault, Version};
use crate::engines::EngineChoice;

/// A version of a model.
pub(super) type Key = (ModelName, Version);

/// All models that there are.
#[derive(Debug, Default)]
pub(super) struct Table {
    models: BTreeMap<ModelName, Model>,
}

#[derive(Debug)]
struct Model {
    /// Whether it may be loaded; not after it was unloaded on request.
    wanted: bool,
    versions: BTreeMap<Version, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// The files as they were last seen.
    stamp: Stamp,
    /// Whether loading these files was begun, however it ended.
    tried: bool,
    loading: bool,
    state: State,
}

/// What there is of a version.
#[derive(Debug)]
enum State {
    /// Nothing yet, or nothing any more.
    Idle,
    /// A model that answers requests.
    Ready {
        model: Arc<Loaded>,
        /// The files as they were when they were last tried; `None` if they are to be tried again.
        stamp: Option<Stamp>,
        /// Why newer files were not taken instead.
        fault: Option<RegistryFault>,
    },
    /// Files that cannot be used.
    Failed(RegistryFault),
}

/// What a request finds.
#[derive(Debug)]
pub(super) enum Lookup {
    /// A model to run.
    Ready(Arc<Loaded>),
    /// A version that has to be loaded.
    Load(Key),
}

/// One version, as the repository index lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// The model.
    pub name: ModelName,
    /// The version.
    pub version: Version,
    /// What can be expected of it.
    pub state: IndexState,
    /// Why, where that is not plain.
    pub reason: String,
}

/// What can be expected of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexState {
    /// Requests are answered; the first of them may have it loaded.
    Ready,
    /// It is being loaded.
    Loading,
    /// Requests are refused.
    Unavailable,
}

impl Table {
    /// Takes note of what is in the folder now. What is gone is forgotten; what has changed will
    /// be loaded anew, and answers as it was until then.
    pub(super) fn update(&mut self, listing: Listing) {
        self.models.retain(|name, _| listing.contains_key(name));
        for (name, found) in listing {
            let reserved =
                (name.as_str() == EngineChoice::SOLVER).then(|| Arc::new(RegistryError::Reserved));
            let fresh = || reserved.clone().map_or(State::Idle, State::Failed);
            let model = self
                .models
                .entry(name)
                .or_insert_with(|| Model { wanted: true, versions: BTreeMap::new() });
            model.versions.retain(|version, _| found.contains_key(version));
            for (version, stamp) in found {
                let new =
                    || Entry { stamp: stamp.clone(), tried: false, loading: false, state: fresh() };
                let entry = model.versions.entry(version).or_insert_with(new);
                if entry.stamp != stamp {
                    (entry.stamp, entry.tried) = (stamp, false);
                    if matches!(entry.state, State::Failed(_)) {
                        entry.state = fresh();
                    }
                }
            }
        }
    }

    /// What a request for a model finds.
    pub(super) fn look_up(
        &self,
        name: &ModelName,
        asked: Option<Version>,
    ) -> Result<Lookup, RegistryFault> {
        let (version, model) = self.find(name, asked)?;
        if !model.wanted {
            return Err(Arc::new(RegistryError::Unloaded { name: name.clone() }));
        }
        match &model.versions[&version].state {
            State::Ready { model, .. } => Ok(Lookup::Ready(Arc::clone(model))),
            State::Failed(fault) => Err(Arc::clone(fault)),
            State::Idle => Ok(Lookup::Load((name.clone(), version))),
        }
    }

    fn find(
        &self,
        name: &ModelName,
        asked: Option<Version>,
    ) -> Result<(Version, &Model), RegistryError> {
        let unknown = || RegistryError::UnknownModel { name: name.clone() };
        let model = self.models.get(name).ok_or_else(unknown)?;
        match (Version::choose(asked, model.versions.keys().copied()), asked) {
            (Some(version), _) => Ok((version, model)),
            (None, Some(version)) => {
                Err(RegistryError::UnknownVersion { name: name.clone(), version })
            }
            (None, None) => Err(unknown()),
        }
    }

    /// What ought to be loaded without a request: what answers although its files have changed,
    /// and, if `eager`, the newest version of every model, once.
    pub(super) fn due(&self, eager: bool) -> Vec<Key> {
        let mut due = Vec::new();
        for (name, model) in self.models.iter().filter(|(_, model)| model.wanted) {
            let newest = Version::choose(None, model.versions.keys().copied());
            for (version, entry) in &model.versions {
                let wanted = match &entry.state {
                    State::Ready { stamp, .. } => stamp.as_ref() != Some(&entry.stamp),
                    // What comes with the program may never be asked for.
                    State::Idle => {
                        let is_new = !entry.tried && entry.stamp != Stamp::BUILTIN;
                        eager && is_new && newest == Some(*version)
                    }
                    State::Failed(_) => false,
                };
                if wanted {
                    due.push((name.clone(), *version));
                }
            }
        }
        due
    }

    /// Begins to load a version; gives the state of its files. `None` if it is not to be loaded.
    pub(super) fn begin(&mut self, key: &Key) -> Option<Stamp> {
        let model = self.models.get_mut(&key.0).filter(|model| model.wanted)?;
        let entry = model.versions.get_mut(&key.1)?;
        (entry.tried, entry.loading) = (true, true);
        Some(entry.stamp.clone())
    }

    /// Puts a loaded version in place of what was there. `false` if nobody wants it any more.
    pub(super) fn put(&mut self, key: &Key, stamp: Stamp, model: &Arc<Loaded>) -> bool {
        let wanted = self.models.get(&key.0).is_some_and(|model| model.wanted);
        let Some(entry) = self.entry(key) else { return false };
        entry.loading = false;
        if wanted {
            let (model, stamp) = (Arc::clone(model), Some(stamp));
            entry.state = State::Ready { model, stamp, fault: None };
        }
        wanted
    }

    /// Notes that a version was not loaded after all, and is as it was.
    pub(super) fn give_up(&mut self, key: &Key) {
        if let Some(entry) = self.entry(key) {
            entry.loading = false;
        }
    }

    /// Notes that a version could not be loaded. One that answers goes on doing so.
    pub(super) fn fail(&mut self, key: &Key, tried: Stamp, fault: &RegistryFault) {
        let Some(entry) = self.entry(key) else { return };
        entry.loading = false;
        match &mut entry.state {
            State::Ready { stamp, fault: known, .. } => {
                *known = Some(Arc::clone(fault));
                // Not again before they change.
                *stamp = Some(tried);
            }
            State::Idle | State::Failed(_) if fault.is_permanent() => {
                entry.state = State::Failed(Arc::clone(fault));
            }
            State::Idle | State::Failed(_) => {}
        }
    }

    fn entry(&mut self, key: &Key) -> Option<&mut Entry> {
        self.models.get_mut(&key.0)?.versions.get_mut(&key.1)
    }

    /// Allows a model to be loaded, whatever was said of it before; gives its newest version.
    pub(super) fn want(&mut self, name: &ModelName) -> Result<Version, RegistryError> {
        let (newest, _) = self.find(name, None)?;
        let Some(model) = self.models.get_mut(name) else { return Ok(newest) };
        model.wanted = true;
        for entry in model.versions.values_mut() {
            match &mut entry.state {
                State::Failed(_) => entry.state = State::Idle,
                State::Ready { stamp, fault: Some(_), .. } => *stamp = None,
                State::Ready { .. } | State::Idle => {}
            }
        }
        Ok(newest)
    }

    /// Takes a model out of service, all versions of it.
    pub(super) fn unwant(&mut self, name: &ModelName) -> Result<(), RegistryError> {
        let unknown = || RegistryError::UnknownModel { name: name.clone() };
        let model = self.models.get_mut(name).ok_or_else(unknown)?;
        model.wanted = false;
        for entry in model.versions.values_mut() {
            entry.state = State::Idle;
        }
        Ok(())
    }

    /// Makes room for so many bytes, besides what `key` takes now, by giving up what was not used
    /// for the longest time, and says how many that were. `None`, and nothing is given up, if there cannot be enough room, or
    /// something would have to go although `gently` was asked.
    pub(super) fn make_room(
        &mut self,
        key: &Key,
        bytes: u64,
        budget: u64,
        gently: bool,
    ) -> Option<usize> {
        let mut others: Vec<_> = self.loaded().filter(|model| model.key() != *key).collect();
        others.sort_by_key(|model| model.last_used());
        let mut taken: u64 = others.iter().map(|model| model.bytes()).sum();
        let mut victims = Vec::new();
        for model in others {
            if bytes.saturating_add(taken) <= budget {
                break;
            }
            taken -= model.bytes();
            victims.push(model.key());
        }
        if bytes.saturating_add(taken) > budget || (gently && !victims.is_empty()) {
            return None;
        }
        for victim in &victims {
            tracing::info!(model = %victim.0, version = %victim.1, "unloaded to make room");
            if let Some(entry) = self.entry(victim) {
                entry.state = State::Idle;
            }
        }
        Some(victims.len())
    }

    /// Every version that answers requests.
    pub(super) fn loaded(&self) -> impl Iterator<Item = Arc<Loaded>> {
        let entries = self.models.values().flat_map(|model| model.versions.values());
        entries.filter_map(|entry| match &entry.state {
            State::Ready { model, .. } => Some(Arc::clone(model)),
            State::Idle | State::Failed(_) => None,
        })
    }

    /// The versions of a model, the oldest first; none if there is no such model.
    pub(super) fn versions(&self, name: &ModelName) -> Vec<Version> {
        self.models
            .get(name)
            .map(|model| model.versions.keys().copied().collect())
            .unwrap_or_default()
    }

    /// All versions of all models.
    pub(super) fn index(&self) -> Vec<IndexEntry> {
        let entries = self.models.iter().flat_map(|(name, model)| {
            model.versions.iter().map(move |(version, entry)| {
                let (state, reason) = describe(model.wanted, entry);
                IndexEntry { name: name.clone(), version: *version, state, reason }
            })
        });
        entries.collect()
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.models.clear();
    }
}

fn describe(wanted: bool, entry: &Entry) -> (IndexState, String) {
    match &entry.state {
        _ if !wanted => (IndexState::Unavailable, "unloaded".to_owned()),
        State::Ready { fault: Some(fault), .. } => {
            (IndexState::Ready, format!("the changed files are not used: {}", fault.explain()))
        }
        State::Ready { fault: None, .. } => (IndexState::Ready, String::new()),
        _ if entry.loading => (IndexState::Loading, String::new()),
        State::Failed(fault) => (IndexState::Unavailable, fault.explain()),
        State::Idle => (IndexState::Ready, "not in memory: the next request loads it".to_owned()),
    }
}
