using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>
/// The tensor cores on factors of 16 bits that stand in shared memory: inline PTX beside <see cref="TensorCores"/>, with a twin in the stand-in.
/// A warp makes 32 × 32 sums, of weight gradients 64 × 32. Factors come to registers by ldmatrix, four 8 × 8 matrices an instruction: lane 8i + j has the address
/// of row j of matrix i. A panel is 64 rows of 128 bytes: [row][depth] or [depth][row]. Addresses and what is left of a copy live in registers that the
/// PTX declares itself: ILGPU would work them out anew in each round of a loop.
/// </summary>
public static class HalfCores
{
    private const string Declarations = ".reg .f32 acc<64>;\n\t.reg .b32 left<32>, right<16>;\n\t" +
        ".reg .b64 leftAt<4>, rightAt<4>, l<4>, r<4>, to<2>, at<4>, from<2>, piece, step<2>, between<2>, worked, fetched;\n\t" +
        ".reg .b32 size<8>, read<8>, rest<6>;\n\t.reg .pred inside<8>;\n\tmov.b64 worked, 0; mov.b64 fetched, 0;\n\t";

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

    // Four matrices each: rows 0 to 15 of the left factor, then 16 to 31; columns likewise. While one set is multiplied, the other is loaded.
    private const string Straight = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 ";
    private const string Turned = "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 ";
    private const string LeftA0 = "{left0, left1, left2, left3}";
    private const string LeftA1 = "{left4, left5, left6, left7}";
    private const string LeftB0 = "{left8, left9, left10, left11}";
    private const string LeftB1 = "{left12, left13, left14, left15}";
    private const string RightA0 = "{right0, right1, right2, right3}";
    private const string RightA1 = "{right4, right5, right6, right7}";
    private const string RightB0 = "{right8, right9, right10, right11}";
    private const string RightB1 = "{right12, right13, right14, right15}";

    // [row][depth]: the next 16 rows are 16 · 128 bytes further, the next 16 of the depth have an address of their own.
    private const string LeftAlong0 = Straight + LeftA0 + ", [l0]; " + Straight + LeftA1 + ", [l0+2048];\n\t";
    private const string LeftAlong1 = Straight + LeftB0 + ", [l1]; " + Straight + LeftB1 + ", [l1+2048];\n\t";
    private const string LeftAlong2 = Straight + LeftA0 + ", [l2]; " + Straight + LeftA1 + ", [l2+2048];\n\t";
    private const string LeftAlong3 = Straight + LeftB0 + ", [l3]; " + Straight + LeftB1 + ", [l3+2048];\n\t";
    private const string RightAlong0 = Straight + RightA0 + ", [r0]; " + Straight + RightA1 + ", [r0+2048];\n\t";
    private const string RightAlong1 = Straight + RightB0 + ", [r1]; " + Straight + RightB1 + ", [r1+2048];\n\t";
    private const string RightAlong2 = Straight + RightA0 + ", [r2]; " + Straight + RightA1 + ", [r2+2048];\n\t";
    private const string RightAlong3 = Straight + RightB0 + ", [r3]; " + Straight + RightB1 + ", [r3+2048];\n\t";

    // [depth][row]: the next 16 of the depth are 16 · 128 bytes further, the next 16 rows have an address of their own.
    private const string RightAcross0 = Turned + RightA0 + ", [r0]; " + Turned + RightA1 + ", [r1];\n\t";
    private const string RightAcross1 = Turned + RightB0 + ", [r0+2048]; " + Turned + RightB1 + ", [r1+2048];\n\t";
    private const string RightAcross2 = Turned + RightA0 + ", [r0+4096]; " + Turned + RightA1 + ", [r1+4096];\n\t";
    private const string RightAcross3 = Turned + RightB0 + ", [r0+6144]; " + Turned + RightB1 + ", [r1+6144];\n\t";

    private const string Mma = "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 ";
    private const string Sums00 = "{acc0, acc1, acc2, acc3}";
    private const string Sums01 = "{acc4, acc5, acc6, acc7}";
    private const string Sums02 = "{acc8, acc9, acc10, acc11}";
    private const string Sums03 = "{acc12, acc13, acc14, acc15}";
    private const string Sums10 = "{acc16, acc17, acc18, acc19}";
    private const string Sums11 = "{acc20, acc21, acc22, acc23}";
    private const string Sums12 = "{acc24, acc25, acc26, acc27}";
    private const string Sums13 = "{acc28, acc29, acc30, acc31}";
    private const string ProductsA =
        Mma + Sums00 + ", " + LeftA0 + ", {right0, right1}, " + Sums00 + ";\n\t" + Mma + Sums10 + ", " + LeftA1 + ", {right0, right1}, " + Sums10 + ";\n\t" +
        Mma + Sums01 + ", " + LeftA0 + ", {right2, right3}, " + Sums01 + ";\n\t" + Mma + Sums11 + ", " + LeftA1 + ", {right2, right3}, " + Sums11 + ";\n\t" +
        Mma + Sums02 + ", " + LeftA0 + ", {right4, right5}, " + Sums02 + ";\n\t" + Mma + Sums12 + ", " + LeftA1 + ", {right4, right5}, " + Sums12 + ";\n\t" +
        Mma + Sums03 + ", " + LeftA0 + ", {right6, right7}, " + Sums03 + ";\n\t" + Mma + Sums13 + ", " + LeftA1 + ", {right6, right7}, " + Sums13 + ";\n\t";
    private const string ProductsB =
        Mma + Sums00 + ", " + LeftB0 + ", {right8, right9}, " + Sums00 + ";\n\t" + Mma + Sums10 + ", " + LeftB1 + ", {right8, right9}, " + Sums10 + ";\n\t" +
        Mma + Sums01 + ", " + LeftB0 + ", {right10, right11}, " + Sums01 + ";\n\t" + Mma + Sums11 + ", " + LeftB1 + ", {right10, right11}, " + Sums11 + ";\n\t" +
        Mma + Sums02 + ", " + LeftB0 + ", {right12, right13}, " + Sums02 + ";\n\t" + Mma + Sums12 + ", " + LeftB1 + ", {right12, right13}, " + Sums12 + ";\n\t" +
        Mma + Sums03 + ", " + LeftB0 + ", {right14, right15}, " + Sums03 + ";\n\t" + Mma + Sums13 + ", " + LeftB1 + ", {right14, right15}, " + Sums13 + ";\n\t";

    // Both factors [depth][row]: 64 rows of the left one, 32 of the right one, 32 of the depth in two steps.
    private const string GradientLoads0 =
        Turned + "{left0, left1, left2, left3}, [l0]; " +
        Turned + "{left4, left5, left6, left7}, [l1]; " +
        Turned + "{left8, left9, left10, left11}, [l2]; " +
        Turned + "{left12, left13, left14, left15}, [l3]; " +
        Turned + RightA0 + ", [r0]; " + Turned + RightA1 + ", [r1];\n\t";
    private const string GradientLoads1 =
        Turned + "{left16, left17, left18, left19}, [l0+2048]; " +
        Turned + "{left20, left21, left22, left23}, [l1+2048]; " +
        Turned + "{left24, left25, left26, left27}, [l2+2048]; " +
        Turned + "{left28, left29, left30, left31}, [l3+2048]; " +
        Turned + RightB0 + ", [r0+2048]; " + Turned + RightB1 + ", [r1+2048];\n\t";
    private const string GradientProducts0 =
        Mma + "{acc0, acc1, acc2, acc3}, {left0, left1, left2, left3}, {right0, right1}, {acc0, acc1, acc2, acc3};\n\t" +
        Mma + "{acc16, acc17, acc18, acc19}, {left4, left5, left6, left7}, {right0, right1}, {acc16, acc17, acc18, acc19};\n\t" +
        Mma + "{acc32, acc33, acc34, acc35}, {left8, left9, left10, left11}, {right0, right1}, {acc32, acc33, acc34, acc35};\n\t" +
        Mma + "{acc48, acc49, acc50, acc51}, {left12, left13, left14, left15}, {right0, right1}, {acc48, acc49, acc50, acc51};\n\t" +
        Mma + "{acc4, acc5, acc6, acc7}, {left0, left1, left2, left3}, {right2, right3}, {acc4, acc5, acc6, acc7};\n\t" +
        Mma + "{acc20, acc21, acc22, acc23}, {left4, left5, left6, left7}, {right2, right3}, {acc20, acc21, acc22, acc23};\n\t" +
        Mma + "{acc36, acc37, acc38, acc39}, {left8, left9, left10, left11}, {right2, right3}, {acc36, acc37, acc38, acc39};\n\t" +
        Mma + "{acc52, acc53, acc54, acc55}, {left12, left13, left14, left15}, {right2, right3}, {acc52, acc53, acc54, acc55};\n\t" +
        Mma + "{acc8, acc9, acc10, acc11}, {left0, left1, left2, left3}, {right4, right5}, {acc8, acc9, acc10, acc11};\n\t" +
        Mma + "{acc24, acc25, acc26, acc27}, {left4, left5, left6, left7}, {right4, right5}, {acc24, acc25, acc26, acc27};\n\t" +
        Mma + "{acc40, acc41, acc42, acc43}, {left8, left9, left10, left11}, {right4, right5}, {acc40, acc41, acc42, acc43};\n\t" +
        Mma + "{acc56, acc57, acc58, acc59}, {left12, left13, left14, left15}, {right4, right5}, {acc56, acc57, acc58, acc59};\n\t" +
        Mma + "{acc12, acc13, acc14, acc15}, {left0, left1, left2, left3}, {right6, right7}, {acc12, acc13, acc14, acc15};\n\t" +
        Mma + "{acc28, acc29, acc30, acc31}, {left4, left5, left6, left7}, {right6, right7}, {acc28, acc29, acc30, acc31};\n\t" +
        Mma + "{acc44, acc45, acc46, acc47}, {left8, left9, left10, left11}, {right6, right7}, {acc44, acc45, acc46, acc47};\n\t" +
        Mma + "{acc60, acc61, acc62, acc63}, {left12, left13, left14, left15}, {right6, right7}, {acc60, acc61, acc62, acc63};\n\t";
    private const string GradientProducts1 =
        Mma + "{acc0, acc1, acc2, acc3}, {left16, left17, left18, left19}, {right8, right9}, {acc0, acc1, acc2, acc3};\n\t" +
        Mma + "{acc16, acc17, acc18, acc19}, {left20, left21, left22, left23}, {right8, right9}, {acc16, acc17, acc18, acc19};\n\t" +
        Mma + "{acc32, acc33, acc34, acc35}, {left24, left25, left26, left27}, {right8, right9}, {acc32, acc33, acc34, acc35};\n\t" +
        Mma + "{acc48, acc49, acc50, acc51}, {left28, left29, left30, left31}, {right8, right9}, {acc48, acc49, acc50, acc51};\n\t" +
        Mma + "{acc4, acc5, acc6, acc7}, {left16, left17, left18, left19}, {right10, right11}, {acc4, acc5, acc6, acc7};\n\t" +
        Mma + "{acc20, acc21, acc22, acc23}, {left20, left21, left22, left23}, {right10, right11}, {acc20, acc21, acc22, acc23};\n\t" +
        Mma + "{acc36, acc37, acc38, acc39}, {left24, left25, left26, left27}, {right10, right11}, {acc36, acc37, acc38, acc39};\n\t" +
        Mma + "{acc52, acc53, acc54, acc55}, {left28, left29, left30, left31}, {right10, right11}, {acc52, acc53, acc54, acc55};\n\t" +
        Mma + "{acc8, acc9, acc10, acc11}, {left16, left17, left18, left19}, {right12, right13}, {acc8, acc9, acc10, acc11};\n\t" +
        Mma + "{acc24, acc25, acc26, acc27}, {left20, left21, left22, left23}, {right12, right13}, {acc24, acc25, acc26, acc27};\n\t" +
        Mma + "{acc40, acc41, acc42, acc43}, {left24, left25, left26, left27}, {right12, right13}, {acc40, acc41, acc42, acc43};\n\t" +
        Mma + "{acc56, acc57, acc58, acc59}, {left28, left29, left30, left31}, {right12, right13}, {acc56, acc57, acc58, acc59};\n\t" +
        Mma + "{acc12, acc13, acc14, acc15}, {left16, left17, left18, left19}, {right14, right15}, {acc12, acc13, acc14, acc15};\n\t" +
        Mma + "{acc28, acc29, acc30, acc31}, {left20, left21, left22, left23}, {right14, right15}, {acc28, acc29, acc30, acc31};\n\t" +
        Mma + "{acc44, acc45, acc46, acc47}, {left24, left25, left26, left27}, {right14, right15}, {acc44, acc45, acc46, acc47};\n\t" +
        Mma + "{acc60, acc61, acc62, acc63}, {left28, left29, left30, left31}, {right14, right15}, {acc60, acc61, acc62, acc63};\n\t";

    // Two pieces of each factor, 64 rows apart; of the depth %0 are left.
    private const string GradientCopies =
        "setp.gt.s32 inside0, %0, 0; selp.b32 read0, size0, 0, inside0; selp.b32 read1, size1, 0, inside0; selp.b32 read4, size4, 0, inside0; selp.b32 read5, size5, 0, inside0;\n\t" +
        "add.s64 at0, to0, fetched; add.s64 at1, at0, 4096; add.s64 at2, to1, fetched; add.s64 at3, at2, 4096;\n\t" +
        "cp.async.cg.shared.global [at0], [from0], 16, read0; add.s64 piece, from0, between0; cp.async.cg.shared.global [at1], [piece], 16, read1; add.s64 from0, from0, step0;\n\t" +
        "cp.async.cg.shared.global [at2], [from1], 16, read4; add.s64 piece, from1, between1; cp.async.cg.shared.global [at3], [piece], 16, read5; add.s64 from1, from1, step1;\n\t";

    // A buffer is 16384 bytes, and there are three.
    private const string NextWorked = "add.s64 worked, worked, 16384; setp.eq.s64 inside0, worked, 49152; selp.b64 worked, 0, worked, inside0;\n\t";
    private const string NextFetched = "add.s64 fetched, fetched, 16384; setp.eq.s64 inside0, fetched, 49152; selp.b64 fetched, 0, fetched, inside0;\n\t";
    private const string Buffer =
        "add.s64 l0, leftAt0, worked; add.s64 l1, leftAt1, worked; add.s64 l2, leftAt2, worked; add.s64 l3, leftAt3, worked;\n\t" +
        "add.s64 r0, rightAt0, worked; add.s64 r1, rightAt1, worked; add.s64 r2, rightAt2, worked; add.s64 r3, rightAt3, worked;\n\t" + NextWorked;

    // Four pieces of 16 bytes of a factor. Of the depth %0 are left for the left one's first piece and %1 less for each further; %2 and %3 of the right one.
    private const string LeftCopies =
        "sub.s32 rest0, %0, %1; sub.s32 rest1, rest0, %1; sub.s32 rest2, rest1, %1;\n\t" +
        "setp.gt.s32 inside0, %0, 0; setp.gt.s32 inside1, rest0, 0; setp.gt.s32 inside2, rest1, 0; setp.gt.s32 inside3, rest2, 0;\n\t" +
        "selp.b32 read0, size0, 0, inside0; selp.b32 read1, size1, 0, inside1; selp.b32 read2, size2, 0, inside2; selp.b32 read3, size3, 0, inside3;\n\t" +
        "add.s64 at0, to0, fetched; add.s64 at1, at0, 2048; add.s64 at2, at0, 4096; add.s64 at3, at0, 6144;\n\t" +
        "cp.async.cg.shared.global [at0], [from0], 16, read0; add.s64 piece, from0, between0; cp.async.cg.shared.global [at1], [piece], 16, read1; add.s64 piece, piece, between0;\n\t" +
        "cp.async.cg.shared.global [at2], [piece], 16, read2; add.s64 piece, piece, between0; cp.async.cg.shared.global [at3], [piece], 16, read3; add.s64 from0, from0, step0;\n\t";
    private const string RightCopies =
        "sub.s32 rest3, %2, %3; sub.s32 rest4, rest3, %3; sub.s32 rest5, rest4, %3;\n\t" +
        "setp.gt.s32 inside4, %2, 0; setp.gt.s32 inside5, rest3, 0; setp.gt.s32 inside6, rest4, 0; setp.gt.s32 inside7, rest5, 0;\n\t" +
        "selp.b32 read4, size4, 0, inside4; selp.b32 read5, size5, 0, inside5; selp.b32 read6, size6, 0, inside6; selp.b32 read7, size7, 0, inside7;\n\t" +
        "add.s64 at0, to1, fetched; add.s64 at1, at0, 2048; add.s64 at2, at0, 4096; add.s64 at3, at0, 6144;\n\t" +
        "cp.async.cg.shared.global [at0], [from1], 16, read4; add.s64 piece, from1, between1; cp.async.cg.shared.global [at1], [piece], 16, read5; add.s64 piece, piece, between1;\n\t" +
        "cp.async.cg.shared.global [at2], [piece], 16, read6; add.s64 piece, piece, between1; cp.async.cg.shared.global [at3], [piece], 16, read7; add.s64 from1, from1, step1;\n\t";

    // A factor has %2 of an item's four pieces, %3 of the right one.
    private const string Sizes =
        "mov.b64 to0, %0; mov.b64 to1, %1;\n\t" +
        "setp.gt.s32 inside0, %2, 0; setp.gt.s32 inside1, %2, 1; setp.gt.s32 inside2, %2, 2; setp.gt.s32 inside3, %2, 3;\n\t" +
        "setp.gt.s32 inside4, %3, 0; setp.gt.s32 inside5, %3, 1; setp.gt.s32 inside6, %3, 2; setp.gt.s32 inside7, %3, 3;\n\t" +
        "selp.b32 size0, 16, 0, inside0; selp.b32 size1, 16, 0, inside1; selp.b32 size2, 16, 0, inside2; selp.b32 size3, 16, 0, inside3;\n\t" +
        "selp.b32 size4, 16, 0, inside4; selp.b32 size5, 16, 0, inside5; selp.b32 size6, 16, 0, inside6; selp.b32 size7, 16, 0, inside7;";

    // %0 the address of this lane's first pair of sums, %1 the bytes from row g to row g + 8. 8 columns are 32 bytes.
    private const string Stores =
        "mov.b64 l0, %0; add.s64 l1, l0, %1; add.s64 l2, l1, %1; add.s64 l3, l2, %1;\n\t" +
        "st.shared.v2.f32 [l0], {acc0, acc1}; st.shared.v2.f32 [l0+32], {acc4, acc5};\n\t" +
        "st.shared.v2.f32 [l0+64], {acc8, acc9}; st.shared.v2.f32 [l0+96], {acc12, acc13};\n\t" +
        "st.shared.v2.f32 [l1], {acc2, acc3}; st.shared.v2.f32 [l1+32], {acc6, acc7};\n\t" +
        "st.shared.v2.f32 [l1+64], {acc10, acc11}; st.shared.v2.f32 [l1+96], {acc14, acc15};\n\t" +
        "st.shared.v2.f32 [l2], {acc16, acc17}; st.shared.v2.f32 [l2+32], {acc20, acc21};\n\t" +
        "st.shared.v2.f32 [l2+64], {acc24, acc25}; st.shared.v2.f32 [l2+96], {acc28, acc29};\n\t" +
        "st.shared.v2.f32 [l3], {acc18, acc19}; st.shared.v2.f32 [l3+32], {acc22, acc23};\n\t" +
        "st.shared.v2.f32 [l3+64], {acc26, acc27}; st.shared.v2.f32 [l3+96], {acc30, acc31};\n\t";

    private const string FurtherStores =
        "add.s64 l0, l3, %1; add.s64 l1, l0, %1; add.s64 l2, l1, %1; add.s64 l3, l2, %1;\n\t" +
        "st.shared.v2.f32 [l0], {acc32, acc33}; st.shared.v2.f32 [l0+32], {acc36, acc37};\n\t" +
        "st.shared.v2.f32 [l0+64], {acc40, acc41}; st.shared.v2.f32 [l0+96], {acc44, acc45};\n\t" +
        "st.shared.v2.f32 [l1], {acc34, acc35}; st.shared.v2.f32 [l1+32], {acc38, acc39};\n\t" +
        "st.shared.v2.f32 [l1+64], {acc42, acc43}; st.shared.v2.f32 [l1+96], {acc46, acc47};\n\t" +
        "st.shared.v2.f32 [l2], {acc48, acc49}; st.shared.v2.f32 [l2+32], {acc52, acc53};\n\t" +
        "st.shared.v2.f32 [l2+64], {acc56, acc57}; st.shared.v2.f32 [l2+96], {acc60, acc61};\n\t" +
        "st.shared.v2.f32 [l3], {acc50, acc51}; st.shared.v2.f32 [l3+32], {acc54, acc55};\n\t" +
        "st.shared.v2.f32 [l3+64], {acc58, acc59}; st.shared.v2.f32 [l3+96], {acc62, acc63};\n\t";

    /// <summary>Makes the registers, and the warp's sums zero. Once in a kernel, before anything else.</summary>
    public static void Begin() => CudaAsm.Emit(Declarations + Zeros);

    /// <summary>Says where this lane's rows of four matrices stand in the first buffer's left panel.</summary>
    /// <param name="memory">Shared memory: three buffers of a left and a right panel, 4096 words.</param>
    /// <param name="at0">For the first 16 of the depth, or where it is [depth][row] for the first 16 rows; a multiple of 4.</param>
    /// <param name="at1">For the next 16 of the depth, or rows.</param>
    /// <param name="at2">For the third 16 of the depth.</param>
    /// <param name="at3">For the last.</param>
    public static void AimLeft(ArrayView<float> memory, int at0, int at1, int at2, int at3) =>
        CudaAsm.Emit(
            "mov.b64 leftAt0, %0; mov.b64 leftAt1, %1; mov.b64 leftAt2, %2; mov.b64 leftAt3, %3;",
            Address(ref memory[at0]), Address(ref memory[at1]), Address(ref memory[at2]), Address(ref memory[at3]));

    /// <summary>The same of the right panel.</summary>
    /// <param name="memory">Shared memory, as above.</param>
    /// <param name="at0">For the first 16 of the depth, or where it is [depth][row] for the first 16 columns; a multiple of 4.</param>
    /// <param name="at1">For the next 16 of the depth, or columns.</param>
    /// <param name="at2">For the third 16 of the depth.</param>
    /// <param name="at3">For the last.</param>
    public static void AimRight(ArrayView<float> memory, int at0, int at1, int at2, int at3) =>
        CudaAsm.Emit(
            "mov.b64 rightAt0, %0; mov.b64 rightAt1, %1; mov.b64 rightAt2, %2; mov.b64 rightAt3, %3;",
            Address(ref memory[at0]), Address(ref memory[at1]), Address(ref memory[at2]), Address(ref memory[at3]));

    /// <summary>Says where this item's copies go in the first buffer, four pieces of 16 bytes of each panel, 512 words apart, and how many of them there are.</summary>
    /// <param name="memory">Shared memory, as above.</param>
    /// <param name="left">The left panel's first piece, a multiple of 4.</param>
    /// <param name="right">The right panel's.</param>
    /// <param name="lefts">How many the left matrix has; the panel gets zeros for the others.</param>
    /// <param name="rights">How many the right matrix has.</param>
    public static void Expect(ArrayView<float> memory, int left, int right, int lefts, int rights) =>
        CudaAsm.Emit(Sizes, Address(ref memory[left]), Address(ref memory[right]), lefts, rights);

    /// <summary>Says where this item's copies of the left factor come from.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="from">The word that the first piece begins at, a multiple of 4.</param>
    /// <param name="between">From one piece to the next.</param>
    /// <param name="step">From one panel to the next.</param>
    public static void FromLeft(ArrayView<float> matrix, int from, int between, int step) =>
        CudaAsm.Emit("mov.b64 from0, %0; mov.b64 between0, %1; mov.b64 step0, %2;", Address(ref matrix[from]), 4L * between, 4L * step);

    /// <summary>The same of the right factor.</summary>
    /// <param name="matrix">The matrix.</param>
    /// <param name="from">The word that the first piece begins at, a multiple of 4.</param>
    /// <param name="between">From one piece to the next.</param>
    /// <param name="step">From one panel to the next.</param>
    public static void FromRight(ArrayView<float> matrix, int from, int between, int step) =>
        CudaAsm.Emit("mov.b64 from1, %0; mov.b64 between1, %1; mov.b64 step1, %2;", Address(ref matrix[from]), 4L * between, 4L * step);

    /// <summary>Sends for this item's pieces of the next panels, and goes on by one buffer. A piece is there where what is left for it is above 0.</summary>
    /// <param name="left">What is left of the depth for the left factor's first piece.</param>
    /// <param name="leftLess">How much less for each further one.</param>
    /// <param name="right">The same of the right factor.</param>
    /// <param name="rightLess">The same of the right factor.</param>
    public static void Fetch(int left, int leftLess, int right, int rightLess) =>
        CudaAsm.Emit(LeftCopies + RightCopies + NextFetched, left, leftLess, right, rightLess);

    /// <summary>Sums += left · right, a panel, both [row][depth]; goes on by one buffer. All lanes of the warp must call it.</summary>
    public static void MultiplyAlongAlong() => CudaAsm.Emit(
        Buffer + LeftAlong0 + RightAlong0 + LeftAlong1 + RightAlong1 + ProductsA + LeftAlong2 + RightAlong2 + ProductsB + LeftAlong3 + RightAlong3 + ProductsA + ProductsB);

    /// <summary>The same with the left panel [row][depth], the right one [depth][row].</summary>
    public static void MultiplyAlongAcross() => CudaAsm.Emit(
        Buffer + LeftAlong0 + RightAcross0 + LeftAlong1 + RightAcross1 + ProductsA + LeftAlong2 + RightAcross2 + ProductsB + LeftAlong3 + RightAcross3 + ProductsA + ProductsB);

    /// <summary>Sends for this item's pieces of the next panels of a weight's gradient, the second of each factor 64 rows from the first and 1024 words there; goes on by one buffer.</summary>
    /// <param name="rest">They are there where this is above 0.</param>
    public static void FetchGradient(int rest) => CudaAsm.Emit(GradientCopies + NextFetched, rest);

    /// <summary>64 × 32 sums += left · right, both [depth][row], 32 of the depth; goes on by one buffer. All lanes of the warp must call it.</summary>
    public static void MultiplyGradient() => CudaAsm.Emit(Buffer + GradientLoads0 + GradientLoads1 + GradientProducts0 + GradientProducts1);

    /// <summary>Puts this lane's sums into shared memory: rows g, g + 8, g + 16 and g + 24, of each columns 2c and 2c + 1 of four times 8.</summary>
    /// <param name="memory">Shared memory.</param>
    /// <param name="at">The element for row g and column 2c; even.</param>
    /// <param name="step">From row g to row g + 8.</param>
    public static void Put(ArrayView<float> memory, int at, int step) => CudaAsm.Emit(Stores, Address(ref memory[at]), 4L * step);

    /// <summary>The same of 64 × 32 sums: rows g, g + 8 and so on to g + 56.</summary>
    /// <param name="memory">Shared memory.</param>
    /// <param name="at">The element for row g and column 2c; even.</param>
    /// <param name="step">From row g to row g + 8.</param>
    public static void PutGradient(ArrayView<float> memory, int at, int step) => CudaAsm.Emit(Stores + FurtherStores, Address(ref memory[at]), 4L * step);

    private static unsafe nint Address(ref float element)
    {
        fixed (float* address = &element)
            return (nint)address;
    }
}
