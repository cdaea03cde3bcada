//! The text of many launches as one: the arguments of each are a row of a table, which is the one argument.

use super::Printer;

impl Printer<'_> {
    /// The kernel, whose parameters `params` are the fields of a row: each block finds its launch's row.
    pub fn batch(&mut self, params: &[String]) {
        let kernel = self.kernel;
        let rows = kernel.rows;
        let name = |p: &String| p.rsplit([' ', '*']).next().unwrap_or_default().to_string();
        self.code.line("// The arguments of one launch.");
        self.code.line("struct Row {");
        for p in params {
            self.code.line(format!("    alignas(8) {};", p.replace(" __restrict__", "")));
        }
        self.code.line("};");
        self.code.line("struct Table {");
        self.code.line(format!("    unsigned long long first[{rows}];"));
        self.code.line(format!("    Row row[{rows}];"));
        self.code.line("};");
        self.code.line("__device__ __forceinline__ void one(");
        self.code.line(format!("    {},", params.join(",\n    ")));
        self.code.line("    const unsigned block)");
        self.body();
        self.code.line("");
        self.code.line(format!(
            "extern \"C\" __global__ void __launch_bounds__({}) {}(const __grid_constant__ Table table)",
            kernel.launch.threads, kernel.name
        ));
        self.code.open("");
        // The last row whose first block is no later than this one, by halves.
        self.code.line("unsigned n = 0;");
        self.code.line("#pragma unroll");
        self.code
            .open(format!("for (unsigned step = {}; step > 0; step /= 2)", rows.next_power_of_two() / 2));
        self.code.line(format!("if (n + step < {rows} && table.first[n + step] <= blockIdx.x) n += step;"));
        self.code.close();
        self.code.line("const Row& row = table.row[n];");
        let values: Vec<String> = params.iter().map(|p| format!("row.{}", name(p))).collect();
        self.code.line(format!("one({}, blockIdx.x - (unsigned)table.first[n]);", values.join(", ")));
        self.code.close();
    }
}
