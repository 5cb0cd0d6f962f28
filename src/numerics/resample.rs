//! Pictures made smaller and larger.

use super::Plane;

/// Makes a picture smaller by taking the mean of the known samples under each new one, by the
/// area that they share with it. Hidden samples have no part in it; where there is nothing else,
/// the new sample is 0 and `true` in the second plane.
///
/// # Shapes
/// `image` and `hidden` are alike; the results are `height × width`, neither larger than that nor
/// empty.
///
/// # Panics
/// If the shapes are not like that.
pub fn shrink(
    image: &Plane<f32>,
    hidden: &Plane<bool>,
    height: usize,
    width: usize,
) -> (Plane<f32>, Plane<bool>) {
    assert_eq!((image.height(), image.width()), (hidden.height(), hidden.width()));
    assert!((1..=image.height()).contains(&height) && (1..=image.width()).contains(&width));
    let columns = shares(image.width(), width);
    let mut means = Plane::filled(height, width, 0.0);
    let mut empty = Plane::filled(height, width, false);
    for (y, rows) in shares(image.height(), height).iter().enumerate() {
        for (x, columns) in columns.iter().enumerate() {
            let (mut sum, mut weight) = (0.0_f32, 0.0_f32);
            for &(row, tall) in rows {
                let samples = image.row(row);
                let is_hidden = hidden.row(row);
                for &(column, wide) in columns {
                    if !is_hidden[column] {
                        sum += samples[column] * tall * wide;
                        weight += tall * wide;
                    }
                }
            }
            if weight > 0.0 {
                means.row_mut(y)[x] = sum / weight;
            } else {
                empty.row_mut(y)[x] = true;
            }
        }
    }
    (means, empty)
}

/// Which cells of a coarser grid have a share in a hidden sample.
///
/// # Panics
/// If the grid is empty or finer than `hidden`.
pub fn shrink_hidden(hidden: &Plane<bool>, height: usize, width: usize) -> Plane<bool> {
    assert!((1..=hidden.height()).contains(&height) && (1..=hidden.width()).contains(&width));
    let (rows, columns) = (shares(hidden.height(), height), shares(hidden.width(), width));
    Plane::from_fn(height, width, |y, x| {
        rows[y].iter().any(|&(row, _)| columns[x].iter().any(|&(column, _)| hidden.at(row, column)))
    })
}

/// Makes a picture larger by cubic convolution (Keys 1981, "Cubic convolution interpolation for
/// digital image processing", with a = -1/2), and gives a window of it.
///
/// # Shapes
/// The larger picture is `height × width`; the result has the rows and columns of the window.
///
/// # Panics
/// If the window lies outside, or `image` is empty.
pub fn enlarge(
    image: &Plane<f32>,
    (height, width): (usize, usize),
    rows: std::ops::Range<usize>,
    columns: std::ops::Range<usize>,
) -> Plane<f32> {
    assert!(rows.end <= height && columns.end <= width, "a window inside the picture");
    let across: Vec<_> = columns.map(|x| taps(x, width, image.width())).collect();
    let wide = Plane::from_fn(image.height(), across.len(), |y, x| {
        across[x].iter().map(|&(at, weight)| weight * image.at(y, at)).sum::<f32>()
    });
    let down: Vec<_> = rows.map(|y| taps(y, height, image.height())).collect();
    Plane::from_fn(down.len(), wide.width(), |y, x| {
        down[y].iter().map(|&(at, weight)| weight * wide.at(at, x)).sum::<f32>()
    })
}

/// For each of `few` cells that divide `many` samples evenly: the samples, with the share of each
/// that lies in the cell.
fn shares(many: usize, few: usize) -> Vec<Vec<(usize, f32)>> {
    // In units of 1 / few of a sample, all bounds are whole numbers.
    let cell = |index: usize| {
        let (start, end) = (index * many, (index + 1) * many);
        let samples = start / few..end.div_ceil(few);
        let share = |at: usize| end.min((at + 1) * few) - start.max(at * few);
        samples.map(|at| (at, share(at) as f32 / few as f32)).collect()
    };
    (0..few).map(cell).collect()
}

/// The four samples of `few` that make up sample `at` of `many`, with their weights. Beyond the
/// ends stand the outermost samples.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the samples")]
fn taps(at: usize, many: usize, few: usize) -> [(usize, f32); 4] {
    let centre = (at as f64 + 0.5) * few as f64 / many as f64 - 0.5;
    let first = centre.floor();
    let t = (centre - first) as f32;
    let weights = [
        t * (t * (1.0 - 0.5 * t) - 0.5),
        t * t * (1.5 * t - 2.5) + 1.0,
        t * (t * (2.0 - 1.5 * t) + 0.5),
        t * t * (0.5 * t - 0.5),
    ];
    std::array::from_fn(|tap| {
        let place = (first + tap as f64 - 1.0).clamp(0.0, (few - 1) as f64);
        (place as usize, weights[tap])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(samples: &[f32]) -> Plane<f32> {
        Plane::from_vec(1, samples.len(), samples.to_vec()).unwrap()
    }

    #[test]
    fn a_smaller_picture_has_the_means_by_area() {
        let hidden = Plane::filled(1, 5, false);
        let (means, empty) = shrink(&row(&[1.0, 2.0, 3.0, 4.0, 5.0]), &hidden, 1, 2);
        // (1 + 2 + 3 / 2) / 2.5 and (3 / 2 + 4 + 5) / 2.5
        assert!((means.at(0, 0) - 1.8).abs() < 1e-6 && (means.at(0, 1) - 4.2).abs() < 1e-6);
        assert_eq!(empty.as_slice(), [false, false]);
    }

    #[test]
    fn hidden_samples_have_no_part_in_a_smaller_picture() {
        let hidden = Plane::from_vec(1, 4, vec![true, true, false, true]).unwrap();
        for secret in [0.0, 1.0, f32::NAN, f32::INFINITY] {
            let image = row(&[secret, secret, 0.25, secret]);
            let (means, empty) = shrink(&image, &hidden, 1, 2);
            assert_eq!(
                (means.as_slice(), empty.as_slice()),
                (&[0.0, 0.25][..], &[true, false][..])
            );
        }
        assert_eq!(shrink_hidden(&hidden, 1, 2).as_slice(), [true, true]);
        let one = Plane::from_vec(1, 5, vec![false, false, false, true, false]).unwrap();
        assert_eq!(shrink_hidden(&one, 1, 2).as_slice(), [false, true]);
    }

    #[test]
    fn a_larger_picture_goes_through_a_straight_line_and_keeps_what_is_even() {
        let ramp = Plane::from_fn(6, 6, |y, x| (x + 2 * y) as f32);
        let large = enlarge(&ramp, (12, 18), 0..12, 0..18);
        for y in 3..9 {
            for x in 5..13 {
                let expected = (x as f32 - 1.0) / 3.0 + y as f32 - 0.5;
                assert!((large.at(y, x) - expected).abs() < 1e-4);
            }
        }
        let even = enlarge(&Plane::filled(2, 3, 0.7), (5, 50), 1..4, 10..50);
        assert_eq!((even.height(), even.width()), (3, 40));
        assert!(even.as_slice().iter().all(|sample| (sample - 0.7).abs() < 1e-6));
    }

    #[test]
    fn a_picture_of_the_same_size_is_the_same_picture() {
        let image = Plane::from_fn(3, 4, |y, x| (y * 5 + x * 3) as f32 / 20.0);
        assert_eq!(enlarge(&image, (3, 4), 0..3, 0..4), image);
        let (same, _) = shrink(&image, &Plane::filled(3, 4, false), 3, 4);
        assert_eq!(same, image);
    }
}
