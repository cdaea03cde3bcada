//! Statements and names of a kernel under construction.

use crate::kernel::ir::{
    Array, ArrayInfo, Expr, Kernel, Note, Param, Pointer, PointerInfo, Space, Stmt, Type, Unroll, Var,
    VarInfo,
};
use crate::kernel::nest::Operand;
use crate::types::DType;

/// Whether indices up to `reach` need 64 bits; the last block's overhang has room.
pub(super) fn is_wide(reach: usize) -> bool {
    reach >= (1 << 31) - (1 << 20)
}

/// A kernel under construction.
pub(super) trait Build: Sized {
    /// The kernel so far, and the statements of each block that is open.
    fn parts(&mut self) -> (&mut Kernel, &mut Vec<Vec<Stmt>>);

    fn pointer(&mut self, info: PointerInfo) -> Pointer {
        let kernel = self.parts().0;
        kernel.pointers.push(info);
        Pointer(kernel.pointers.len() as u32 - 1)
    }

    /// The parameter for operand `i`, whose elements are moved as `ty`.
    fn operand(&mut self, i: usize, o: &Operand, ty: Type, alone: bool) -> Pointer {
        let elements = o.reach() / ty.lanes;
        let pointer =
            self.pointer(PointerInfo { name: format!("p{i}"), ty, written: false, alone, elements });
        self.parts().0.params.push(Param::Read(pointer, i));
        pointer
    }

    /// The parameter for result `r`, whose elements are moved as `ty`.
    fn result(&mut self, r: usize, o: &Operand, ty: Type, alone: bool) -> Pointer {
        let elements = o.reach() / ty.lanes;
        let pointer = self.pointer(PointerInfo { name: format!("q{r}"), ty, written: true, alone, elements });
        self.parts().0.params.push(Param::Write(pointer, r));
        pointer
    }

    /// The parameter for scratch memory, in cells of type `ty`.
    fn scratch_of(&mut self, ty: Type) -> Pointer {
        let (name, elements) = ("scratch".into(), 0);
        let pointer = self.pointer(PointerInfo { name, ty, written: true, alone: false, elements });
        self.parts().0.params.push(Param::Scratch(pointer));
        pointer
    }

    fn scratch(&mut self) -> Pointer {
        self.scratch_of(Type::elem(DType::F64))
    }

    /// The parameter for counters.
    fn counters(&mut self) -> Pointer {
        let (name, ty) = ("counters".into(), Type::UNSIGNED);
        let pointer = self.pointer(PointerInfo { name, ty, written: true, alone: false, elements: 0 });
        self.parts().0.params.push(Param::Counters(pointer));
        pointer
    }

    /// An extent, as a parameter, so that another one is the same kernel.
    fn extent(&mut self, name: &str, value: usize) -> Expr {
        let var = self.var(name, Type::INDEX);
        self.parts().0.params.push(Param::Extent(var, value));
        var.into()
    }

    fn var(&mut self, name: impl Into<String>, ty: Type) -> Var {
        let kernel = self.parts().0;
        kernel.vars.push(VarInfo { name: name.into(), ty });
        Var(kernel.vars.len() as u32 - 1)
    }

    /// Declares an array.
    fn array(&mut self, name: String, space: Space, ty: Type, extents: Vec<usize>, note: Note) -> Array {
        self.array_below(name, space, ty, extents, None, note)
    }

    /// The same, of indices below `most`.
    fn array_below(
        &mut self,
        name: String,
        space: Space,
        ty: Type,
        extents: Vec<usize>,
        most: Option<usize>,
        note: Note,
    ) -> Array {
        let kernel = self.parts().0;
        kernel.arrays.push(ArrayInfo { name, space, ty, extents, most });
        let array = Array(kernel.arrays.len() as u32 - 1);
        self.push(Stmt::Declare(array, note));
        array
    }

    fn push(&mut self, stmt: Stmt) {
        self.parts().1.last_mut().expect("a block is open").push(stmt);
    }

    /// Defines a variable.
    fn set(&mut self, name: impl Into<String>, ty: Type, value: Expr) -> Expr {
        self.set_noted(name, ty, value, Note::None)
    }

    fn set_noted(&mut self, name: impl Into<String>, ty: Type, value: Expr, note: Note) -> Expr {
        let var = self.var(name, ty);
        self.push(Stmt::Let(var, value, note));
        var.into()
    }

    /// Defines a variable that is assigned later.
    fn mutable(&mut self, name: impl Into<String>, ty: Type, value: Expr) -> Var {
        let var = self.var(name, ty);
        self.push(Stmt::Mutable(var, Some(value), Note::None));
        var
    }

    /// The statements that `f` makes.
    fn block(&mut self, f: impl FnOnce(&mut Self)) -> Vec<Stmt> {
        self.parts().1.push(Vec::new());
        f(self);
        self.parts().1.pop().expect("it was opened above")
    }

    /// What `f` makes, where `condition` holds.
    fn when(&mut self, condition: Expr, f: impl FnOnce(&mut Self)) {
        let body = self.block(f);
        if !body.is_empty() {
            self.push(Stmt::If(condition, body));
        }
    }

    /// A loop over `0..count`, unrolled. A loop of one step is none.
    fn unrolled(&mut self, name: &str, count: usize, f: impl FnOnce(&mut Self, Expr)) {
        if count == 1 {
            return f(self, Expr::Num(0));
        }
        let var = self.var(name, Type::INT);
        let body = self.block(|l| f(l, var.into()));
        self.repeat(var, Expr::Num(0), count.into(), Expr::Num(1), Unroll::Whole, body);
    }

    fn repeat(&mut self, var: Var, start: Expr, end: Expr, step: Expr, unroll: Unroll, body: Vec<Stmt>) {
        self.push(Stmt::For { var, start, end, step, unroll, body });
    }
}
