//! The interfaces of others: what their clients send, and what they make of the answers.

mod iopaint;
mod masks;
mod openai;
mod pictures;
