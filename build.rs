//! Has the package built again when a migration is added: the compiler cannot see that by itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
