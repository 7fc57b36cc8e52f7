using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>
/// The tensor cores and the asynchronous copies of NVIDIA GPUs from compute capability 8.0 on: all inline PTX there is. The
/// stand-in has the same methods, and with them the lanes' places in a fragment (PTX ISA, mma.m16n8k8 with .tf32 and
/// mma.m16n8k16 with .bf16). Lane 4g + c of a warp holds, of a left fragment, rows g and g + 8, of a right one column g, and
/// of the sums rows g and g + 8 at columns 2c and 2c + 1.
/// Everything lives in registers that the PTX declares itself: what a method hands back as an out parameter ILGPU puts into
/// local memory. So methods have numbers instead of parameters where registers are meant, and sums leave by way of shared
/// memory. Only CUDA has these; on ILGPU's other accelerators the products that use them are refused
/// (<see cref="GpuBackend.HasTensorCores"/>).
/// </summary>
public static class TensorCores
{
    // The sums of the first 32 × 32, then those of the second: by (half of 32 rows, quarter of 32 columns).
    private const string A00 = "{acc0, acc1, acc2, acc3}";
    private const string A01 = "{acc4, acc5, acc6, acc7}";
    private const string A02 = "{acc8, acc9, acc10, acc11}";
    private const string A03 = "{acc12, acc13, acc14, acc15}";
    private const string A10 = "{acc16, acc17, acc18, acc19}";
    private const string A11 = "{acc20, acc21, acc22, acc23}";
    private const string A12 = "{acc24, acc25, acc26, acc27}";
    private const string A13 = "{acc28, acc29, acc30, acc31}";
    private const string B00 = "{acc32, acc33, acc34, acc35}";
    private const string B01 = "{acc36, acc37, acc38, acc39}";
    private const string B02 = "{acc40, acc41, acc42, acc43}";
    private const string B03 = "{acc44, acc45, acc46, acc47}";
    private const string B10 = "{acc48, acc49, acc50, acc51}";
    private const string B11 = "{acc52, acc53, acc54, acc55}";
    private const string B12 = "{acc56, acc57, acc58, acc59}";
    private const string B13 = "{acc60, acc61, acc62, acc63}";

    // Left fragments by (half of 32 rows, step of 8 of the depth); in bfloat16 one step is 16.
    private const string L00 = "{left0, left1, left2, left3}";
    private const string L01 = "{left4, left5, left6, left7}";
    private const string L10 = "{left8, left9, left10, left11}";
    private const string L11 = "{left12, left13, left14, left15}";

    // Right fragments by (quarter of 32 columns, step).
    private const string R00 = "{right0, right1}";
    private const string R01 = "{right2, right3}";
    private const string R10 = "{right4, right5}";
    private const string R11 = "{right6, right7}";
    private const string R20 = "{right8, right9}";
    private const string R21 = "{right10, right11}";
    private const string R30 = "{right12, right13}";
    private const string R31 = "{right14, right15}";

    // One instruction: sums = left · right + sums.
    private const string Tf32 = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 ";
    private const string Bf16 = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 ";
    private const string And = ", ";
    private const string End = ";\n\t";

    private const string Declarations = ".reg .f32 acc<64>;\n\t.reg .b32 left<16>, right<16>, power;\n\t";

    private const string Zeros =
        "mov.f32 acc0, 0f00000000; mov.f32 acc1, 0f00000000; mov.f32 acc2, 0f00000000; mov.f32 acc3, 0f00000000;\n\t" +
        "mov.f32 acc4, 0f00000000; mov.f32 acc5, 0f00000000; mov.f32 acc6, 0f00000000; mov.f32 acc7, 0f00000000;\n\t" +
        "mov.f32 acc8, 0f00000000; mov.f32 acc9, 0f00000000; mov.f32 acc10, 0f00000000; mov.f32 acc11, 0f00000000;\n\t" +
        "mov.f32 acc12, 0f00000000; mov.f32 acc13, 0f00000000; mov.f32 acc14, 0f00000000; mov.f32 acc15, 0f00000000;\n\t" +
        "mov.f32 acc16, 0f00000000; mov.f32 acc17, 0f00000000; mov.f32 acc18, 0f00000000; mov.f32 acc19, 0f00000000;\n\t" +
        "mov.f32 acc20, 0f00000000; mov.f32 acc21, 0f00000000; mov.f32 acc22, 0f00000000; mov.f32 acc23, 0f00000000;\n\t" +
        "mov.f32 acc24, 0f00000000; mov.f32 acc25, 0f00000000; mov.f32 acc26, 0f00000000; mov.f32 acc27, 0f00000000;\n\t" +
        "mov.f32 acc28, 0f00000000; mov.f32 acc29, 0f00000000; mov.f32 acc30, 0f00000000; mov.f32 acc31, 0f00000000;\n\t" +
        "mov.f32 acc32, 0f00000000; mov.f32 acc33, 0f00000000; mov.f32 acc34, 0f00000000; mov.f32 acc35, 0f00000000;\n\t" +
        "mov.f32 acc36, 0f00000000; mov.f32 acc37, 0f00000000; mov.f32 acc38, 0f00000000; mov.f32 acc39, 0f00000000;\n\t" +
        "mov.f32 acc40, 0f00000000; mov.f32 acc41, 0f00000000; mov.f32 acc42, 0f00000000; mov.f32 acc43, 0f00000000;\n\t" +
        "mov.f32 acc44, 0f00000000; mov.f32 acc45, 0f00000000; mov.f32 acc46, 0f00000000; mov.f32 acc47, 0f00000000;\n\t" +
        "mov.f32 acc48, 0f00000000; mov.f32 acc49, 0f00000000; mov.f32 acc50, 0f00000000; mov.f32 acc51, 0f00000000;\n\t" +
        "mov.f32 acc52, 0f00000000; mov.f32 acc53, 0f00000000; mov.f32 acc54, 0f00000000; mov.f32 acc55, 0f00000000;\n\t" +
        "mov.f32 acc56, 0f00000000; mov.f32 acc57, 0f00000000; mov.f32 acc58, 0f00000000; mov.f32 acc59, 0f00000000;\n\t" +
        "mov.f32 acc60, 0f00000000; mov.f32 acc61, 0f00000000; mov.f32 acc62, 0f00000000; mov.f32 acc63, 0f00000000;\n\t";

    private const string Tf32Steps0 =
        Tf32 + A00 + And + L00 + And + R00 + And + A00 + End +
        Tf32 + A01 + And + L00 + And + R10 + And + A01 + End +
        Tf32 + A02 + And + L00 + And + R20 + And + A02 + End +
        Tf32 + A03 + And + L00 + And + R30 + And + A03 + End +
        Tf32 + A10 + And + L10 + And + R00 + And + A10 + End +
        Tf32 + A11 + And + L10 + And + R10 + And + A11 + End +
        Tf32 + A12 + And + L10 + And + R20 + And + A12 + End +
        Tf32 + A13 + And + L10 + And + R30 + And + A13 + End +
        Tf32 + A00 + And + L01 + And + R01 + And + A00 + End +
        Tf32 + A01 + And + L01 + And + R11 + And + A01 + End +
        Tf32 + A02 + And + L01 + And + R21 + And + A02 + End +
        Tf32 + A03 + And + L01 + And + R31 + And + A03 + End +
        Tf32 + A10 + And + L11 + And + R01 + And + A10 + End +
        Tf32 + A11 + And + L11 + And + R11 + And + A11 + End +
        Tf32 + A12 + And + L11 + And + R21 + And + A12 + End +
        Tf32 + A13 + And + L11 + And + R31 + And + A13 + End;

    private const string Tf32Steps1 =
        Tf32 + B00 + And + L00 + And + R00 + And + B00 + End +
        Tf32 + B01 + And + L00 + And + R10 + And + B01 + End +
        Tf32 + B02 + And + L00 + And + R20 + And + B02 + End +
        Tf32 + B03 + And + L00 + And + R30 + And + B03 + End +
        Tf32 + B10 + And + L10 + And + R00 + And + B10 + End +
        Tf32 + B11 + And + L10 + And + R10 + And + B11 + End +
        Tf32 + B12 + And + L10 + And + R20 + And + B12 + End +
        Tf32 + B13 + And + L10 + And + R30 + And + B13 + End +
        Tf32 + B00 + And + L01 + And + R01 + And + B00 + End +
        Tf32 + B01 + And + L01 + And + R11 + And + B01 + End +
        Tf32 + B02 + And + L01 + And + R21 + And + B02 + End +
        Tf32 + B03 + And + L01 + And + R31 + And + B03 + End +
        Tf32 + B10 + And + L11 + And + R01 + And + B10 + End +
        Tf32 + B11 + And + L11 + And + R11 + And + B11 + End +
        Tf32 + B12 + And + L11 + And + R21 + And + B12 + End +
        Tf32 + B13 + And + L11 + And + R31 + And + B13 + End;

    private const string Bf16Steps0 =
        Bf16 + A00 + And + L00 + And + R00 + And + A00 + End +
        Bf16 + A01 + And + L00 + And + R10 + And + A01 + End +
        Bf16 + A02 + And + L00 + And + R20 + And + A02 + End +
        Bf16 + A03 + And + L00 + And + R30 + And + A03 + End +
        Bf16 + A10 + And + L10 + And + R00 + And + A10 + End +
        Bf16 + A11 + And + L10 + And + R10 + And + A11 + End +
        Bf16 + A12 + And + L10 + And + R20 + And + A12 + End +
        Bf16 + A13 + And + L10 + And + R30 + And + A13 + End;

    private const string Bf16Steps1 =
        Bf16 + B00 + And + L00 + And + R00 + And + B00 + End +
        Bf16 + B01 + And + L00 + And + R10 + And + B01 + End +
        Bf16 + B02 + And + L00 + And + R20 + And + B02 + End +
        Bf16 + B03 + And + L00 + And + R30 + And + B03 + End +
        Bf16 + B10 + And + L10 + And + R00 + And + B10 + End +
        Bf16 + B11 + And + L10 + And + R10 + And + B11 + End +
        Bf16 + B12 + And + L10 + And + R20 + And + B12 + End +
        Bf16 + B13 + And + L10 + And + R30 + And + B13 + End;

    // %0 the address of this lane's first quad; %1 bytes from one to the next.
    private const string Open = "{\n\t.reg .b64 at;\n\tmov.b64 at, %0;\n\t";
    private const string Store = "st.shared.v4.f32 [at], ";
    private const string Next = "; add.s64 at, at, %1;\n\t";

    private const string Stores0 =
        Open +
        Store + "{acc0, acc4, acc8, acc12}" + Next +
        Store + "{acc1, acc5, acc9, acc13}" + Next +
        Store + "{acc2, acc6, acc10, acc14}" + Next +
        Store + "{acc3, acc7, acc11, acc15}" + Next +
        Store + "{acc16, acc20, acc24, acc28}" + Next +
        Store + "{acc17, acc21, acc25, acc29}" + Next +
        Store + "{acc18, acc22, acc26, acc30}" + Next +
        Store + "{acc19, acc23, acc27, acc31}" + End + "}";

    private const string Stores1 =
        Open +
        Store + "{acc32, acc36, acc40, acc44}" + Next +
        Store + "{acc33, acc37, acc41, acc45}" + Next +
        Store + "{acc34, acc38, acc42, acc46}" + Next +
        Store + "{acc35, acc39, acc43, acc47}" + Next +
        Store + "{acc48, acc52, acc56, acc60}" + Next +
        Store + "{acc49, acc53, acc57, acc61}" + Next +
        Store + "{acc50, acc54, acc58, acc62}" + Next +
        Store + "{acc51, acc55, acc59, acc63}" + End + "}";

    // To TF32, to nearest, halves away from zero: half a unit of the last place is added, 2⁻¹¹ of the power of two below, and the
    // tensor core does not look at the 13 bits that are left over. NaN and the infinities stay what they are.
    private const string Power = "and.b32 power, ";
    private const string Of = ", 0xFF800000; fma.rn.f32 ";
    private const string Half = ", power, 0f3A000000, ";

    /// <summary>Makes the registers, and both 32 × 32 sums of the warp zero. Once in a kernel, before anything else.</summary>
    public static void Begin() => CudaAsm.Emit(Declarations + Zeros);

    /// <summary>Rows 0 to 15 of the left factor and 16 of the depth, rounded to TF32 (to nearest, halves away from zero).</summary>
    /// <param name="upper">Of row g: depths c and c + 4 of the first step of 8, then of the second.</param>
    /// <param name="lower">The same of row g + 8.</param>
    public static void Tf32Left0(Float4 upper, Float4 lower) =>
        CudaAsm.Emit(
            Power + "%0" + Of + "left0" + Half + "%0" + End
            + Power + "%4" + Of + "left1" + Half + "%4" + End
            + Power + "%1" + Of + "left2" + Half + "%1" + End
            + Power + "%5" + Of + "left3" + Half + "%5" + End
            + Power + "%2" + Of + "left4" + Half + "%2" + End
            + Power + "%6" + Of + "left5" + Half + "%6" + End
            + Power + "%3" + Of + "left6" + Half + "%3" + End
            + Power + "%7" + Of + "left7" + Half + "%7" + End,
            upper.X, upper.Y, upper.Z, upper.W, lower.X, lower.Y, lower.Z, lower.W);

    /// <summary>Rows 16 to 31 of the left factor and 16 of the depth, rounded to TF32 (to nearest, halves away from zero).</summary>
    /// <param name="upper">Of row g: depths c and c + 4 of the first step of 8, then of the second.</param>
    /// <param name="lower">The same of row g + 8.</param>
    public static void Tf32Left1(Float4 upper, Float4 lower) =>
        CudaAsm.Emit(
            Power + "%0" + Of + "left8" + Half + "%0" + End
            + Power + "%4" + Of + "left9" + Half + "%4" + End
            + Power + "%1" + Of + "left10" + Half + "%1" + End
            + Power + "%5" + Of + "left11" + Half + "%5" + End
            + Power + "%2" + Of + "left12" + Half + "%2" + End
            + Power + "%6" + Of + "left13" + Half + "%6" + End
            + Power + "%3" + Of + "left14" + Half + "%3" + End
            + Power + "%7" + Of + "left15" + Half + "%7" + End,
            upper.X, upper.Y, upper.Z, upper.W, lower.X, lower.Y, lower.Z, lower.W);

    /// <summary>Columns 0 to 7 of the right factor and 16 of the depth, rounded to TF32.</summary>
    /// <param name="values">Of column g: depths c and c + 4 of the first step of 8, then of the second.</param>
    public static void Tf32Right0(Float4 values) =>
        CudaAsm.Emit(
            Power + "%0" + Of + "right0" + Half + "%0" + End
            + Power + "%1" + Of + "right1" + Half + "%1" + End
            + Power + "%2" + Of + "right2" + Half + "%2" + End
            + Power + "%3" + Of + "right3" + Half + "%3" + End,
            values.X, values.Y, values.Z, values.W);

    /// <summary>Columns 8 to 15 of the right factor and 16 of the depth, rounded to TF32.</summary>
    /// <param name="values">Of column g: depths c and c + 4 of the first step of 8, then of the second.</param>
    public static void Tf32Right1(Float4 values) =>
        CudaAsm.Emit(
            Power + "%0" + Of + "right4" + Half + "%0" + End
            + Power + "%1" + Of + "right5" + Half + "%1" + End
            + Power + "%2" + Of + "right6" + Half + "%2" + End
            + Power + "%3" + Of + "right7" + Half + "%3" + End,
            values.X, values.Y, values.Z, values.W);

    /// <summary>Columns 16 to 23 of the right factor and 16 of the depth, rounded to TF32.</summary>
    /// <param name="values">Of column g: depths c and c + 4 of the first step of 8, then of the second.</param>
    public static void Tf32Right2(Float4 values) =>
        CudaAsm.Emit(
            Power + "%0" + Of + "right8" + Half + "%0" + End
            + Power + "%1" + Of + "right9" + Half + "%1" + End
            + Power + "%2" + Of + "right10" + Half + "%2" + End
            + Power + "%3" + Of + "right11" + Half + "%3" + End,
            values.X, values.Y, values.Z, values.W);

    /// <summary>Columns 24 to 31 of the right factor and 16 of the depth, rounded to TF32.</summary>
    /// <param name="values">Of column g: depths c and c + 4 of the first step of 8, then of the second.</param>
    public static void Tf32Right3(Float4 values) =>
        CudaAsm.Emit(
            Power + "%0" + Of + "right12" + Half + "%0" + End
            + Power + "%1" + Of + "right13" + Half + "%1" + End
            + Power + "%2" + Of + "right14" + Half + "%2" + End
            + Power + "%3" + Of + "right15" + Half + "%3" + End,
            values.X, values.Y, values.Z, values.W);

    /// <summary>The first 32 × 32 sums += left · right, 16 of the depth in two steps. All lanes of the warp must call it.</summary>
    public static void Tf32Multiply0() => CudaAsm.Emit(Tf32Steps0);

    /// <summary>The second 32 × 32 sums += left · right, 16 of the depth in two steps. All lanes of the warp must call it.</summary>
    public static void Tf32Multiply1() => CudaAsm.Emit(Tf32Steps1);

    /// <summary>Rows 0 to 15 of the left factor and 16 of the depth, rounded to bfloat16 (to nearest, halves to even).</summary>
    /// <param name="upper">Of row g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    /// <param name="lower">The same of row g + 8.</param>
    public static void Bf16Left0(Float4 upper, Float4 lower) =>
        CudaAsm.Emit(
            "cvt.rn.bf16x2.f32 left0, %1, %0; cvt.rn.bf16x2.f32 left1, %5, %4;\n\t"
            + "cvt.rn.bf16x2.f32 left2, %3, %2; cvt.rn.bf16x2.f32 left3, %7, %6;",
            upper.X, upper.Y, upper.Z, upper.W, lower.X, lower.Y, lower.Z, lower.W);

    /// <summary>Rows 16 to 31 of the left factor and 16 of the depth, rounded to bfloat16 (to nearest, halves to even).</summary>
    /// <param name="upper">Of row g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    /// <param name="lower">The same of row g + 8.</param>
    public static void Bf16Left1(Float4 upper, Float4 lower) =>
        CudaAsm.Emit(
            "cvt.rn.bf16x2.f32 left8, %1, %0; cvt.rn.bf16x2.f32 left9, %5, %4;\n\t"
            + "cvt.rn.bf16x2.f32 left10, %3, %2; cvt.rn.bf16x2.f32 left11, %7, %6;",
            upper.X, upper.Y, upper.Z, upper.W, lower.X, lower.Y, lower.Z, lower.W);

    /// <summary>Columns 0 to 7 of the right factor and 16 of the depth, rounded to bfloat16.</summary>
    /// <param name="values">Of column g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    public static void Bf16Right0(Float4 values) =>
        CudaAsm.Emit("cvt.rn.bf16x2.f32 right0, %1, %0; cvt.rn.bf16x2.f32 right1, %3, %2;", values.X, values.Y, values.Z, values.W);

    /// <summary>Columns 8 to 15 of the right factor and 16 of the depth, rounded to bfloat16.</summary>
    /// <param name="values">Of column g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    public static void Bf16Right1(Float4 values) =>
        CudaAsm.Emit("cvt.rn.bf16x2.f32 right4, %1, %0; cvt.rn.bf16x2.f32 right5, %3, %2;", values.X, values.Y, values.Z, values.W);

    /// <summary>Columns 16 to 23 of the right factor and 16 of the depth, rounded to bfloat16.</summary>
    /// <param name="values">Of column g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    public static void Bf16Right2(Float4 values) =>
        CudaAsm.Emit("cvt.rn.bf16x2.f32 right8, %1, %0; cvt.rn.bf16x2.f32 right9, %3, %2;", values.X, values.Y, values.Z, values.W);

    /// <summary>Columns 24 to 31 of the right factor and 16 of the depth, rounded to bfloat16.</summary>
    /// <param name="values">Of column g: depths 2c, 2c + 1, 2c + 8 and 2c + 9.</param>
    public static void Bf16Right3(Float4 values) =>
        CudaAsm.Emit("cvt.rn.bf16x2.f32 right12, %1, %0; cvt.rn.bf16x2.f32 right13, %3, %2;", values.X, values.Y, values.Z, values.W);

    /// <summary>The first 32 × 32 sums += left · right, 16 of the depth in one step. All lanes of the warp must call it.</summary>
    public static void Bf16Multiply0() => CudaAsm.Emit(Bf16Steps0);

    /// <summary>The second 32 × 32 sums += left · right, 16 of the depth in one step. All lanes of the warp must call it.</summary>
    public static void Bf16Multiply1() => CudaAsm.Emit(Bf16Steps1);

    /// <summary>
    /// Puts this lane's first sums into shared memory, as quads: quad 2i + h at at + (2i + h)·step. Of the left factor's rows
    /// it is g, g + 8, g + 16, g + 24 for i = 0 to 3; of the right one's, column 2c + h of each 8.
    /// </summary>
    /// <param name="memory">Shared memory.</param>
    /// <param name="at">Where the first goes.</param>
    /// <param name="step">From one to the next.</param>
    public static void Put0(ArrayView<Float4> memory, int at, int step) => CudaAsm.Emit(Stores0, Address(ref memory[at]), 16L * step);

    /// <summary>Puts this lane's second sums into shared memory, as <see cref="Put0"/> does the first.</summary>
    /// <param name="memory">Shared memory.</param>
    /// <param name="at">Where the first goes.</param>
    /// <param name="step">From one to the next.</param>
    public static void Put1(ArrayView<Float4> memory, int at, int step) => CudaAsm.Emit(Stores1, Address(ref memory[at]), 16L * step);

    /// <summary>Sends for four floats, to be there when a wait says so, or for nothing; without a branch.</summary>
    /// <param name="isWanted">0 for nothing.</param>
    /// <param name="destination">Shared memory.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">Where they stand; at a multiple of 16 bytes.</param>
    public static void CopyFourIf(int isWanted, ArrayView<Float4> destination, int to, ArrayView<float> source, int from) =>
        CudaAsm.Emit(
            "{\n\t.reg .pred wanted;\n\tsetp.ne.s32 wanted, %0, 0;\n\t@wanted cp.async.cg.shared.global [%1], [%2], 16, 16;\n\t}",
            isWanted, Address(ref destination[to]), Address(ref source[from]));

    /// <summary>Sends for up to four floats.</summary>
    /// <param name="destination">Shared memory.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">Where they stand; at a multiple of 16 bytes.</param>
    /// <param name="count">How many are read; the others become zeros.</param>
    public static void CopyFour(ArrayView<Float4> destination, int to, ArrayView<float> source, int from, int count) =>
        CudaAsm.Emit("cp.async.cg.shared.global [%0], [%1], 16, %2;", Address(ref destination[to]), Address(ref source[from]), 4 * count);

    /// <summary>Sends for one float.</summary>
    /// <param name="destination">Shared memory.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="source">Global memory.</param>
    /// <param name="from">Where it stands.</param>
    /// <param name="count">1, or 0 for a zero instead.</param>
    public static void CopyOne(ArrayView<float> destination, int to, ArrayView<float> source, int from, int count) =>
        CudaAsm.Emit("cp.async.ca.shared.global [%0], [%1], 4, %2;", Address(ref destination[to]), Address(ref source[from]), 4 * count);

    /// <summary>Makes a group of this item's copies since the last group; it may be empty.</summary>
    public static void CommitCopies() => CudaAsm.Emit("cp.async.commit_group;");

    /// <summary>Waits for all of this item's groups of copies but the last. Other items see them behind the next barrier.</summary>
    public static void WaitForAllCopiesButOne() => CudaAsm.Emit("cp.async.wait_group 1;");

    /// <summary>Waits for all of this item's groups of copies but the last four. Other items see them behind the next barrier.</summary>
    public static void WaitForAllCopiesButFour() => CudaAsm.Emit("cp.async.wait_group 4;");

    // ILGPU takes no pointers as operands, but the integer that a pinned reference converts to; of shared memory it is the
    // address within shared memory.
    private static unsafe nint Address(ref float element)
    {
        fixed (float* address = &element)
            return (nint)address;
    }

    private static unsafe nint Address(ref Float4 word)
    {
        fixed (Float4* address = &word)
            return (nint)address;
    }
}
