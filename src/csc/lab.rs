//! research scratch
#![allow(missing_docs, clippy::all, clippy::pedantic)]
use super::canvas::Canvas;
use super::frame::Frame;
use super::harmonic;
use crate::numerics::{Plane, Threads};
use pulp::Arch;
use super::frame::LANES;
use pulp::{Simd, WithSimd};

#[inline(always)]
fn gather<F: Frame>(batch: &mut [f32], img: &[f32], wp: usize, at: &[(u32, u32); LANES]) {
    let n = F::SIDE;
    for (lane, &(y, x)) in at.iter().enumerate() {
        for r in 0..n {
            let row = &img[(y as usize + r) * wp + x as usize..][..n];
            let dst = &mut batch[r * n * LANES..(r + 1) * n * LANES];
            for c in 0..n { dst[c * LANES + lane] = row[c]; }
        }
    }
}
#[inline(always)]
fn scatter<F: Frame>(batch: &[f32], acc: &mut [f32], wp: usize, at: &[(u32, u32); LANES], count: usize) {
    let n = F::SIDE;
    for (lane, &(y, x)) in at[..count].iter().enumerate() {
        for r in 0..n {
            let row = &mut acc[(y as usize + r) * wp + x as usize..][..n];
            let src = &batch[r * n * LANES..(r + 1) * n * LANES];
            for c in 0..n { row[c] += src[c * LANES + lane]; }
        }
    }
}
#[inline(always)]
fn garrote<S: Simd>(simd: S, code: &mut [f32], t: f32, mode: u32) {
    for c in code.iter_mut() { let a = c.abs(); let q = t * t / (*c * *c + 1e-20); *c = match mode { 1 => *c * (1.0 - q).max(0.0), 2 => *c * (1.0 - q * q).max(0.0), _ => *c / (1.0 + q * q) }; let _ = a; }
}
#[inline(always)]
fn shrink<S: Simd>(simd: S, code: &mut [f32], t: f32) {
    let (v, _) = S::as_mut_simd_f32s(code);
    let th = simd.splat_f32s(t);
    let zero = simd.splat_f32s(0.0);
    for c in v.iter_mut() {
        let keep = simd.greater_than_or_equal_f32s(simd.abs_f32s(*c), th);
        *c = simd.select_f32s(keep, *c, zero);
    }
}
struct FramePass<'a, F> { f: &'a F, img: &'a [f32], wp: usize, sat: &'a [u32], st: usize, r0: usize, r1: usize, oy: usize, ox: usize, s: usize, t: f32, acc: &'a mut [f32] }
impl<F: Frame> WithSimd for FramePass<'_, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { f, img, wp, sat, st, r0, r1, oy, ox, s, t, acc } = self;
        let n = F::SIDE;
        let mut b = [0.0f32; 256 * LANES];
        let bl = &mut b[..n * n * LANES];
        let y0 = oy + r0 * s;
        let mut at = [(0u32, 0u32); LANES];
        let mut cnt = 0;
        for r in r0..r1 {
            let y = oy + r * s;
            let mut x = ox;
            while x + n <= wp {
                let c = sat[(y + n) * st + x + n] + sat[y * st + x] - sat[(y + n) * st + x] - sat[y * st + x + n];
                if c > 0 { at[cnt] = (y as u32, x as u32); cnt += 1; }
                x += s;
                if cnt == LANES || (cnt > 0 && r + 1 == r1 && x + n > wp) {
                    gather::<F>(bl, img, wp, &at);
                    f.analyse(simd, bl);
                    shrink(simd, &mut bl[LANES..], t);
                    f.synthesise(simd, bl);
                    for a in &mut at { a.0 = a.0.saturating_sub(y0 as u32); }
                    scatter::<F>(bl, acc, wp, &at, cnt);
                    for a in &mut at { a.0 += y0 as u32; }
                    cnt = 0;
                }
            }
        }
    }
}
struct Match<'a> { img: &'a [f32], wp: usize, hp: usize, pos: &'a [(u32, u32)], out: &'a mut [[(u32, u32); 16]], p: &'a P }
impl WithSimd for Match<'_> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { img, wp, hp, pos, out, p } = self;
        const N: usize = 8;
        for (slot, &(y, x)) in out.iter_mut().zip(pos) {
            let (y, x) = (y as usize, x as usize);
            let mut r = [0.0f32; N * N];
            for i in 0..N { r[i * N..(i + 1) * N].copy_from_slice(&img[(y + i) * wp + x..][..N]); }
            let mut best = [(f32::MAX, 0u32, 0u32); 16];
            best[0] = (-1.0, y as u32, x as u32);
            let kk = p.k;
            let y0 = y.saturating_sub(p.radius); let y1 = (y + p.radius).min(hp - N);
            let x0 = x.saturating_sub(p.radius); let x1 = (x + p.radius).min(wp - N);
            let mut yy = y0;
            while yy <= y1 {
                let mut xx = x0;
                while xx <= x1 {
                    if yy != y || xx != x {
                        let mut a = simd.splat_f32s(0.0);
                        for i in 0..N {
                            let (u, _) = S::as_simd_f32s(&img[(yy + i) * wp + xx..][..N]);
                            let (v, _) = S::as_simd_f32s(&r[i * N..(i + 1) * N]);
                            for (u, v) in u.iter().zip(v) { let d = simd.sub_f32s(*u, *v); a = simd.add_f32s(a, simd.mul_f32s(d, d)); }
                        }
                        let d = simd.reduce_sum_f32s(a);
                        if d < best[kk - 1].0 {
                            let mut q = kk - 1;
                            while q > 0 && best[q - 1].0 > d { best[q] = best[q - 1]; q -= 1; }
                            best[q] = (d, yy as u32, xx as u32);
                        }
                    }
                    xx += p.step;
                }
                yy += p.step;
            }
            for k in 0..kk { slot[k] = if best[k].0 == f32::MAX || best[k].0 > p.maxd * (N*N) as f32 { (y as u32, x as u32) } else { (best[k].1, best[k].2) }; }
        }
    }
}
struct GroupPass<'a, F> { f: &'a F, img: &'a [f32], wp: usize, hp: usize, m: &'a [[(u32, u32); 16]], p: &'a P, sh: (usize, usize), t: f32, acc: &'a mut [f32], wts: &'a mut [f32] }
impl<F: Frame> WithSimd for GroupPass<'_, F> {
    type Output = ();
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { f, img, wp, hp, m, p, sh, t, acc, wts } = self;
        let n = F::SIDE; let len = n * n * LANES;
        let k = p.k;
        let mut g = vec![0.0f32; k * len];
        let mut tmp = vec![0.0f32; k * len];
        for groups in m.chunks(LANES) {
            let at = |q: usize| -> [(u32, u32); LANES] { std::array::from_fn(|l| { let (y, x) = groups[l.min(groups.len() - 1)][q]; (((y as usize + sh.0).saturating_sub(4).min(hp - n)) as u32, ((x as usize + sh.1).saturating_sub(4).min(wp - n)) as u32) }) };
            for q in 0..k { let b = &mut g[q * len..(q + 1) * len]; gather::<F>(b, img, wp, &at(q)); f.analyse(simd, b); }
            haar(simd, &mut g, &mut tmp, k, len, false);
            if p.mode == 0 { shrink(simd, &mut g[LANES..], t); } else { garrote(simd, &mut g[LANES..], t, p.mode); }
            haar(simd, &mut g, &mut tmp, k, len, true);
            for q in 0..k {
                let b = &mut g[q * len..(q + 1) * len];
                f.synthesise(simd, b);
                let a = at(q);
                scatter::<F>(b, acc, wp, &a, groups.len());
                for &(y, x) in &a[..groups.len()] { for r in 0..n { for d in &mut wts[(y as usize + r) * wp + x as usize..][..n] { *d += 1.0; } } }
            }
        }
    }
}
#[inline(always)]
fn haar<S: Simd>(simd: S, g: &mut [f32], tmp: &mut [f32], k: usize, len: usize, inv: bool) {
    let h = simd.splat_f32s(std::f32::consts::FRAC_1_SQRT_2);
    let (g, _) = S::as_mut_simd_f32s(g); let (tmp, _) = S::as_mut_simd_f32s(tmp);
    let len = len / S::F32_LANES;
    let mut n = if inv { 2 } else { k };
    while n > 1 && n <= k {
        for i in 0..n / 2 { for l in 0..len {
            let (ia, ib, oa, ob) = if inv { (i, n / 2 + i, 2 * i, 2 * i + 1) } else { (2 * i, 2 * i + 1, i, n / 2 + i) };
            let (a, b) = (g[ia * len + l], g[ib * len + l]);
            tmp[oa * len + l] = simd.mul_f32s(simd.add_f32s(a, b), h);
            tmp[ob * len + l] = simd.mul_f32s(simd.sub_f32s(a, b), h);
        } }
        g[..n * len].copy_from_slice(&tmp[..n * len]);
        if inv { n *= 2 } else { n /= 2 }
    }
}

#[derive(Clone, Debug)]
pub struct P {
    pub n1: usize, pub s1: usize, pub hi1: f32, pub lo1: f32,
    pub n2: usize, pub s2: usize, pub hi2: f32, pub lo2: f32,
    pub k: usize, pub radius: usize, pub step: usize, pub rematch: usize,
    pub weight: bool, pub shift: bool, pub maxd: f32, pub mode: u32, pub om: f32,
}

pub struct Strip { acc: Vec<f32>, wts: Vec<f32>, }

pub fn geo(i: usize, n: usize, hi: f32, lo: f32) -> f32 {
    if n == 1 { return lo; }
    hi * (lo / hi).powf(i as f32 / (n - 1) as f32)
}

fn sat(hidden: &Plane<bool>, margin: usize) -> (Vec<u32>, usize) {
    let (h, w) = (hidden.height() + 2 * margin, hidden.width() + 2 * margin);
    let st = w + 1;
    let mut s = vec![0u32; (h + 1) * st];
    for y in 0..h {
        let mut run = 0;
        for x in 0..w {
            if y >= margin && x >= margin && y - margin < hidden.height() && x - margin < hidden.width() && hidden.at(y - margin, x - margin) { run += 1; }
            s[(y + 1) * st + x + 1] = s[y * st + x + 1] + run;
        }
    }
    (s, st)
}

pub fn frame_pass<F: Frame, const N: usize>(f: &F, c: &Canvas, sat: &[u32], st: usize, oy: usize, ox: usize, s: usize, t: f32, threads: &Threads, acc: &mut [f32], strips: &mut Vec<Strip>) {
    let (hp, wp) = (c.plane.height(), c.plane.width());
    let rows = (hp - N - oy) / s + 1;
    let per = 8;
    let ns = rows.div_ceil(per);
    let sh = (per - 1) * s + N;
    while strips.len() < ns { strips.push(Strip { acc: vec![], wts: vec![] }); }
    let img = c.plane.as_slice();
    threads.for_each(&mut strips[..ns], |i, strip| {
        strip.acc.clear(); strip.acc.resize(sh * wp, 0.0);
        Arch::new().dispatch(FramePass { f, img, wp, sat, st, r0: i * per, r1: ((i + 1) * per).min(rows), oy, ox, s, t, acc: &mut strip.acc });
    });
    acc.fill(0.0);
    for i in 0..ns {
        let y0 = oy + i * per * s;
        for k in 0..sh {
            if y0 + k >= hp { break; }
            let dst = &mut acc[(y0 + k) * wp..][..wp];
            for (d, v) in dst.iter_mut().zip(&strips[i].acc[k * wp..][..wp]) { *d += *v; }
        }
    }
}

pub fn matches<const N: usize>(c: &Canvas, pos: &[(u32, u32)], p: &P, threads: &Threads) -> Vec<[(u32, u32); 16]> {
    let (hp, wp) = (c.plane.height(), c.plane.width());
    let img = c.plane.as_slice();
    let mut out: Vec<[(u32, u32); 16]> = vec![[(0, 0); 16]; pos.len()];
    let chunk = 64;
    let mut chunks: Vec<&mut [[(u32, u32); 16]]> = out.chunks_mut(chunk).collect();
    threads.for_each(&mut chunks, |ci, ch| { let pp = &pos[ci * chunk..]; Arch::new().dispatch(Match { img, wp, hp, pos: pp, out: ch, p }); });
    out
}

pub fn group_pass<F: Frame, const N: usize>(f: &F, c: &Canvas, m: &[[(u32, u32); 16]], p: &P, sh: (usize, usize), t: f32, threads: &Threads, acc: &mut [f32], wsum: &mut [f32], strips: &mut Vec<Strip>) {
    let (hp, wp) = (c.plane.height(), c.plane.width());
    let img = c.plane.as_slice();
    let parts = 4;
    while strips.len() < parts { strips.push(Strip { acc: vec![], wts: vec![] }); }
    let per = m.len().div_ceil(parts);
    threads.for_each(&mut strips[..parts], |i, strip| {
        strip.acc.clear(); strip.acc.resize(hp * wp, 0.0);
        strip.wts.clear(); strip.wts.resize(hp * wp, 0.0);
        let mm = &m[(i * per).min(m.len())..((i + 1) * per).min(m.len())];
        Arch::new().dispatch(GroupPass { f, img, wp, hp, m: mm, p, sh, t, acc: &mut strip.acc, wts: &mut strip.wts });
    });
    acc.fill(0.0); wsum.fill(0.0);
    for s in &strips[..parts] {
        for (d, v) in acc.iter_mut().zip(&s.acc) { *d += *v; }
        for (d, v) in wsum.iter_mut().zip(&s.wts) { *d += *v; }
    }
}

pub fn run<F: Frame, const N: usize, G: Frame, const M: usize>(f: &F, gf: &G, image: &Plane<f32>, hidden: &Plane<bool>, p: &P, threads: &Threads) -> Plane<f32> {
    let mut x0 = image.clone();
    harmonic::fill(&mut x0, hidden);
    let margin = 16;
    let mut c = Canvas::new(&x0, margin);
    let (sat, st) = sat(hidden, margin);
    let (hp, wp) = (c.plane.height(), c.plane.width());
    let mut acc = vec![0.0f32; hp * wp];
    let mut wsum = vec![0.0f32; hp * wp];
    let mut strips = vec![];
    let unknown: Vec<usize> = (0..image.height() * image.width()).filter(|&i| hidden.as_slice()[i]).map(|i| (i / image.width() + margin) * wp + i % image.width() + margin).collect();
    for i in 0..p.n1 {
        let t = geo(i, p.n1, p.hi1, p.lo1);
        let s = p.s1;
        // offset so that coverage is uniform inside
        let (oy, ox) = (i % s, (i / s) % s);
        frame_pass::<F, N>(f, &c, &sat, st, oy + (margin - N) % s * 0, ox, s, t, threads, &mut acc, &mut strips);
        let inv = ((s * s) as f32) / ((N * N) as f32);
        let d = c.plane.as_mut_slice();
        for &u in &unknown { d[u] = acc[u] * inv; }
        c.mirror_margin();
    }
    let mut m = vec![];
    for i in 0..p.n2 {
        if i % p.rematch == 0 {
            let mut pos = vec![];
            let round = i / p.rematch;
            let s = p.s2;
            let (oy, ox) = ((round * 3) % s, (round * 5) % s);
            let mut y = oy;
            while y + M <= hp { let mut x = ox; while x + M <= wp {
                let cnt = sat[(y + M) * st + x + M] + sat[y * st + x] - sat[(y + M) * st + x] - sat[y * st + x + M];
                if cnt > 0 { pos.push((y as u32, x as u32)); }
                x += s; } y += s; }
            m = matches::<M>(&c, &pos, p, threads);
        }
        let t = geo(i, p.n2, p.hi2, p.lo2);
        let sh = if p.shift { let j = i % p.rematch; ((j * 3 + i / p.rematch) % 8, (j * 5 + j / 8 + 2 * (i / p.rematch)) % 8) } else { (4, 4) };
        group_pass::<G, M>(gf, &c, &m, p, sh, t, threads, &mut acc, &mut wsum, &mut strips);
        let d = c.plane.as_mut_slice();
        for &u in &unknown { if wsum[u] > 0.0 { d[u] += p.om * (acc[u] / wsum[u] - d[u]); } }
        c.mirror_margin();
    }
    Plane::from_fn(image.height(), image.width(), |y, x| c.plane.at(y + margin, x + margin))
}
