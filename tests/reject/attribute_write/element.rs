use thunder::prelude::*;

#[thunder]
struct Stack {
    ws: Vec<Tensor<f32, (C,)>>,
}

#[thunder]
impl Stack {
    fn forward(&self, x: &Tensor<f32, (C,)>) -> Tensor<f32, (C,)> {
        self.ws[0] = x.exp(); //~ self.ws[0]
        self.ws.push(x.log()); //~ push
        x.sin()
    }
}

fn main() {}
