using System.Runtime.InteropServices;

namespace EDA.Tests.Software;

/// <summary>
/// Runs the items of one group on the calling thread. Warp after warp runs as far as it gets without the others, to a
/// barrier of the group or the end, which is as far apart as warps can be; inside a warp, item after item runs to where
/// it meets the other lanes. When all warps wait at the same barrier, the group goes on.
/// </summary>
internal sealed unsafe class GroupRun
{
    public const int WarpSize = 32;

    private readonly ItemProgram _program;
    private readonly int _size;
    private readonly int[] _sites;
    private readonly int[] _warps;
    private readonly int[] _lanes;
    private readonly TensorRegisters _registers;
    private readonly HalfRegisters _halves;
    private readonly AsyncCopies _copies;
    private readonly bool _shuffled;
    private readonly Random _random = new(20240907);
    private readonly byte* _frames;

    public GroupRun(ItemProgram program, int size, ItemOrder order)
    {
        _program = program;
        _size = size;
        _sites = new int[size];
        _registers = new TensorRegisters(size);
        _halves = new HalfRegisters(size);
        _copies = new AsyncCopies(size);
        _warps = [.. Enumerable.Range(0, (size + WarpSize - 1) / WarpSize)];
        _lanes = [.. Enumerable.Range(0, WarpSize)];
        if (order == ItemOrder.Reverse)
        {
            Array.Reverse(_warps);
            Array.Reverse(_lanes);
        }

        _shuffled = order == ItemOrder.Shuffled;
        _frames = (byte*)NativeMemory.AlignedAlloc((nuint)program.FrameSize * (nuint)size, 64);
    }

    ~GroupRun() => NativeMemory.AlignedFree(_frames);

    /// <summary>Runs one group, all of whose items begin with the variables given.</summary>
    /// <exception cref="GroupDivergenceException">Its items part at a barrier.</exception>
    public void Run(ReadOnlySpan<byte> variables)
    {
        for (int item = 0; item < _size; item++)
            variables.CopyTo(new Span<byte>(Frame(item), _program.FrameSize));
        _sites.AsSpan().Clear();
        _registers.Clear();
        _halves.Clear();
        _copies.Clear();
        (ItemContext.Registers, ItemContext.Halves, ItemContext.Copies) = (_registers, _halves, _copies);
        do
        {
            if (_shuffled)
                _random.Shuffle(_warps);
            foreach (int warp in _warps)
                RunWarp(warp * WarpSize, Math.Min(WarpSize, _size - (warp * WarpSize)));
            RequireTogether(0, _size);
        }
        while (_sites[0] != 0);
    }

    private byte* Frame(int item) => _frames + ((nint)item * _program.FrameSize);

    // To the next barrier of the group, or the end.
    private void RunWarp(int first, int lanes)
    {
        while (true)
        {
            if (_shuffled)
                _random.Shuffle(_lanes);
            foreach (int lane in _lanes)
            {
                if (lane >= lanes)
                    continue;
                ItemContext.ItemX = first + lane;
                _sites[first + lane] = _program.Resume(Frame(first + lane), _sites[first + lane]);
            }

            RequireTogether(first, lanes);
            int site = _sites[first];
            if (site == 0 || _program.Sites[site - 1].Kind == SuspensionKind.GroupBarrier)
                return;
            if (_program.Sites[site - 1].Kind >= SuspensionKind.Tf32Multiply0)
                Multiply(_program.Sites[site - 1].Kind, first, lanes);
            else
                Exchange(_program.Sites[site - 1].Kind, first, lanes);
        }
    }

    private void Multiply(SuspensionKind kind, int first, int lanes)
    {
        if (lanes < WarpSize)
            throw new GroupDivergenceException($"a warp of {lanes} lanes multiplies fragments: all {WarpSize} must");
        switch (kind)
        {
            case SuspensionKind.Tf32Multiply0:
                _registers.MultiplyTf32(first, 0);
                break;
            case SuspensionKind.Tf32Multiply1:
                _registers.MultiplyTf32(first, 1);
                break;
            case SuspensionKind.Bf16Multiply0:
                _registers.MultiplyBf16(first, 0);
                break;
            case SuspensionKind.Bf16Multiply1:
                _registers.MultiplyBf16(first, 1);
                break;
            default:
                bool gradient = kind == SuspensionKind.HalfGradient;
                _halves.Multiply(first, !gradient, kind == SuspensionKind.HalfAlongAlong, gradient ? 4 : 2, gradient ? 2 : 4);
                break;
        }
    }

    private void Exchange(SuspensionKind kind, int first, int lanes)
    {
        for (int lane = 0; lane < lanes && kind != SuspensionKind.WarpBarrier; lane++)
        {
            byte* frame = Frame(first + lane);
            int argument = *(int*)(frame + ItemFrame.LaneArgument);
            int source = kind switch
            {
                SuspensionKind.Shuffle => argument % WarpSize,
                SuspensionKind.ShuffleDown => lane + argument < WarpSize ? lane + argument : lane,
                _ => lane ^ argument,
            };
            // A lane that does not exist gives NaN: on a GPU, anything.
            *(ulong*)(frame + ItemFrame.ReceivedValue) = source >= 0 && source < lanes ? *(ulong*)(Frame(first + source) + ItemFrame.GivenValue) : ulong.MaxValue;
        }
    }

    private void RequireTogether(int first, int count)
    {
        int site = _sites[first];
        int other = _sites.AsSpan(first, count).IndexOfAnyExcept(site);
        if (other >= 0)
        {
            throw new GroupDivergenceException(
                $"items {first} and {first + other} of group ({ItemContext.GroupX}, {ItemContext.GroupY}, {ItemContext.GroupZ}) part: one is at {Describe(site)}, the other at {Describe(_sites[first + other])}");
        }
    }

    private string Describe(int site) => site == 0 ? "the end" : _program.Sites[site - 1].ToString();
}
