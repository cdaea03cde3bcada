//! An iteration space as few loops as its accesses allow: neighbouring dimensions that every access walks as one, act
//! as one.

/// One side of the space: groups of neighbouring dimensions, the outermost first. Dimensions of extent 1 are in none.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Side {
    groups: Vec<Vec<usize>>,
    /// The extent of each group.
    pub extents: Vec<usize>,
}

impl Side {
    fn new(dims: &[usize], range: std::ops::Range<usize>, strides: &[Vec<usize>]) -> Side {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for d in range.filter(|&d| dims[d] != 1) {
            let joins = |&p: &usize| strides.iter().all(|s| s[p] == s[d] * dims[d]);
            match groups.last_mut() {
                Some(g) if g.last().is_some_and(joins) => g.push(d),
                _ => groups.push(vec![d]),
            }
        }
        Side::of(groups, dims)
    }

    fn of(groups: Vec<Vec<usize>>, dims: &[usize]) -> Side {
        let extents = groups.iter().map(|g| g.iter().map(|&d| dims[d]).product()).collect();
        Side { groups, extents }
    }

    /// The number of points.
    pub fn count(&self) -> usize {
        self.extents.iter().product()
    }

    /// The steps of an access along the groups, from its strides along the dimensions.
    fn steps(&self, strides: &[usize]) -> Vec<usize> {
        self.groups.iter().map(|g| strides[g[g.len() - 1]]).collect()
    }

    /// Whether a node that changes along these dimensions changes along this side.
    pub fn moves(&self, along: &[bool]) -> bool {
        self.groups.iter().flatten().any(|&d| along[d])
    }

    /// Whether it changes along the innermost group.
    pub fn moves_last(&self, along: &[bool]) -> bool {
        self.groups.last().is_some_and(|g| g.iter().any(|&d| along[d]))
    }
}

/// A space as two linear indices: the outer one, and the inner one.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Collapsed {
    /// The outer dimensions: rows, where rows or columns are reduced.
    pub outer: Side,
    /// The inner dimensions: the elements of a row.
    pub inner: Side,
}

/// Where an element lies at each point: an offset, and steps along the groups of both sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Steps {
    /// The element at the origin.
    pub offset: usize,
    /// The step along each group of the outer side.
    pub outer: Vec<usize>,
    /// The step along each group of the inner side.
    pub inner: Vec<usize>,
}

impl Steps {
    /// The step between neighbours along the innermost group.
    pub fn lane(&self) -> usize {
        self.inner.last().copied().unwrap_or(0)
    }
}

impl Collapsed {
    /// The space of dimensions `dims`, the first `outer` of them the outer side; `strides` are those of every access.
    pub fn new(dims: &[usize], outer: usize, strides: &[Vec<usize>]) -> Collapsed {
        Collapsed {
            outer: Side::new(dims, 0..outer, strides),
            inner: Side::new(dims, outer..dims.len(), strides),
        }
    }

    /// The same space, where as many outer groups as needed go to the inner side until that has `least` points.
    pub fn with_inner_of(mut self, dims: &[usize], least: usize) -> Collapsed {
        let mut inner = std::mem::take(&mut self.inner.groups);
        let mut outer = std::mem::take(&mut self.outer.groups);
        outer.append(&mut inner);
        let size = |g: &Vec<usize>| g.iter().map(|&d| dims[d]).product::<usize>();
        while inner.iter().map(size).product::<usize>() < least
            && let Some(g) = outer.pop()
        {
            inner.insert(0, g);
        }
        Collapsed { outer: Side::of(outer, dims), inner: Side::of(inner, dims) }
    }

    /// The access with this offset and these strides along the dimensions.
    pub fn steps(&self, offset: usize, strides: &[usize]) -> Steps {
        Steps { offset, outer: self.outer.steps(strides), inner: self.inner.steps(strides) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_act_as_one_where_every_access_allows() {
        let space = Collapsed::new(&[4, 6, 1, 5], 1, &[vec![30, 5, 0, 1], vec![0, 5, 0, 1]]);
        assert_eq!((space.outer.extents, space.inner.extents), (vec![4], vec![30]));
        let apart = Collapsed::new(&[4, 6, 5], 0, &[vec![30, 5, 1], vec![0, 1, 6]]);
        assert_eq!(apart.inner.extents, [4, 6, 5]);
        let moved = apart.with_inner_of(&[4, 6, 5], 20);
        assert_eq!((moved.outer.extents, moved.inner.extents), (vec![4], vec![6, 5]));
    }
}
