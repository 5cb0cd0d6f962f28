//! The table of problems as a page of the documentation.

use super::{ProblemCode, ProblemDescription};

/// `docs/problems.md`.
pub fn problems_page() -> String {
    let mut page = String::from(
        "# Problems\n\n\
         <!-- Generated from src/http/problem/table.rs; UPDATE_GOLDEN=1 cargo test golden rewrites it. -->\n\n\
         Errors are `application/problem+json` (RFC 9457). `type` is `/problems/` and one of these\n\
         names; the service explains each at that path. Size errors carry `limit` and, where it is\n\
         known, `actual`; parameter errors carry `errors`.\n\n\
         | name | status | meaning |\n| --- | --- | --- |\n",
    );
    for code in ProblemCode::ALL {
        let ProblemDescription { slug, status, title, explanation } = code.describe();
        let status = status.as_u16();
        page = format!("{page}| `{slug}` | {status} | **{title}.** {explanation} |\n");
    }
    page
}
