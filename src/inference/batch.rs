//! Which requests run together: a pure choice.

/// What the choice depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// Longest first axis of a batch.
    pub(super) rows: usize,
    /// Elements of all inputs of a batch.
    pub(super) elements: usize,
}

/// What the choice sees of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// Length of the first axis of its inputs; `None` if it must run alone.
    pub(super) rows: Option<usize>,
    /// Elements of all its inputs.
    pub(super) elements: usize,
    /// Shapes of its inputs without their first axes.
    pub(super) inner: &'a [Vec<usize>],
}

/// Chooses the oldest request and those after it that can join: of the same shape but for the
/// first axis, within the limits. Gives their positions in rising order.
///
/// The oldest request is always chosen, whatever its size, so none waits for ever.
pub(super) fn choose<'a>(queue: impl IntoIterator<Item = Entry<'a>>, limits: Limits) -> Vec<usize> {
    let mut entries = queue.into_iter().enumerate();
    let Some((_, first)) = entries.next() else { return Vec::new() };
    let mut chosen = vec![0];
    let Some(mut rows) = first.rows else { return chosen };
    let mut elements = first.elements;
    for (position, entry) in entries {
        if rows >= limits.rows {
            break;
        }
        let Some(more) = entry.rows.filter(|_| entry.inner == first.inner) else { continue };
        let (longer, larger) = (rows.saturating_add(more), elements.saturating_add(entry.elements));
        if longer <= limits.rows && larger <= limits.elements {
            chosen.push(position);
            (rows, elements) = (longer, larger);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    struct Request {
        rows: Option<usize>,
        elements: usize,
        inner: Vec<Vec<usize>>,
    }

    impl Request {
        fn entry(&self) -> Entry<'_> {
            Entry { rows: self.rows, elements: self.elements, inner: &self.inner }
        }
    }

    fn requests() -> impl Strategy<Value = Vec<Request>> {
        let request = (proptest::option::weighted(0.9, 1_usize..6), 1_usize..50, 0_usize..3)
            .prop_map(|(rows, elements, kind)| Request { rows, elements, inner: vec![vec![kind]] });
        proptest::collection::vec(request, 0..20)
    }

    proptest! {
        #[test]
        fn a_batch_is_of_one_shape_within_the_limits_and_begins_with_the_oldest(
            queue in requests(), rows in 1_usize..12, elements in 1_usize..200,
        ) {
            let chosen = choose(queue.iter().map(Request::entry), Limits { rows, elements });
            prop_assert_eq!(chosen.first(), (!queue.is_empty()).then_some(&0));
            prop_assert!(chosen.is_sorted_by(|a, b| a < b));
            if chosen.len() > 1 {
                let chosen = || chosen.iter().map(|&position| &queue[position]);
                prop_assert!(chosen().all(|r| r.inner == queue[0].inner && r.rows.is_some()));
                prop_assert!(chosen().filter_map(|r| r.rows).sum::<usize>() <= rows);
                prop_assert!(chosen().map(|r| r.elements).sum::<usize>() <= elements);
            }
        }

        #[test]
        fn nothing_that_could_join_is_left_behind_while_there_is_room(
            queue in requests(), rows in 1_usize..12,
        ) {
            let limits = Limits { rows, elements: usize::MAX };
            let chosen = choose(queue.iter().map(Request::entry), limits);
            let Some(Request { rows: Some(_), inner, .. }) = queue.first() else { return Ok(()) };
            let taken: usize = chosen.iter().filter_map(|&at| queue[at].rows).sum();
            for (position, request) in queue.iter().enumerate() {
                if let Some(more) = request.rows && !chosen.contains(&position) {
                    prop_assert!(request.inner != *inner || taken + more > rows);
                }
            }
        }

        #[test]
        fn taking_batches_until_the_queue_is_empty_takes_every_request_once(
            mut queue in requests(), rows in 1_usize..12, elements in 1_usize..200,
        ) {
            let mut taken = 0;
            let all = queue.len();
            while !queue.is_empty() {
                let chosen = choose(queue.iter().map(Request::entry), Limits { rows, elements });
                for &position in chosen.iter().rev() {
                    queue.remove(position);
                    taken += 1;
                }
            }
            prop_assert_eq!(taken, all);
        }
    }
}
