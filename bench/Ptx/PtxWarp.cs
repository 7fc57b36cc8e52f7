using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EDA.Bench.Ptx;

/// <summary>Why a warp does not go on.</summary>
public enum PtxState
{
    /// <summary>It goes on.</summary>
    Running,

    /// <summary>It waits for the other warps of its group.</summary>
    AtBarrier,

    /// <summary>All of its lanes have returned.</summary>
    Ended,
}

/// <summary>
/// 32 items in lockstep. Where lanes part at a branch, those that take it go on, then the others, each until they come to the
/// place where all meet again (<see cref="PtxPostDominators"/>). Registers are a row of 32 values each in one piece of memory.
/// </summary>
public sealed unsafe class PtxWarp : IDisposable
{
    /// <summary>The lanes of a warp.</summary>
    public const int Size = 32;

    /// <summary>All lanes.</summary>
    public const uint AllLanes = uint.MaxValue;

    // Beyond what any kernel does in a test: it will not end.
    private const long InstructionLimit = 1L << 28;

    private readonly PtxModule _module;
    private readonly Stack<Path> _waiting = new();
    private int _next;
    private uint _active;
    private uint _ended;
    private int _meeting;

    public PtxWarp(PtxGroup group, PtxModule module, int number, int lanes)
    {
        (Group, _module, Number, Lanes) = (group, module, number, lanes == Size ? AllLanes : (1u << lanes) - 1);
        Registers = (byte*)NativeMemory.AlignedAlloc((nuint)module.Registers.Length, 64);
        Scratch = (byte*)NativeMemory.AlignedAlloc(Size * sizeof(ulong), 64);
        Copies = new PtxCopies(this);
    }

    // Lanes, where they go on, and where they then wait for others.
    private readonly record struct Path(int Next, uint Lanes, int Meeting);

    /// <summary>The group that it is of.</summary>
    public PtxGroup Group { get; }

    /// <summary>Its number in the group.</summary>
    public int Number { get; }

    /// <summary>The lanes it has.</summary>
    public uint Lanes { get; }

    /// <summary>Its register file.</summary>
    public byte* Registers { get; }

    /// <summary>Room for a result of all lanes.</summary>
    public byte* Scratch { get; }

    /// <summary>Its asynchronous copies.</summary>
    public PtxCopies Copies { get; }

    /// <summary>Why it does not go on.</summary>
    public PtxState State { get; set; }

    /// <summary>The barrier that it waits at.</summary>
    public int Barrier { get; set; }

    /// <summary>Goes to the kernel's beginning: all registers but the special ones are poison.</summary>
    public void Begin()
    {
        _module.Registers.CopyTo(new Span<byte>(Registers, _module.Registers.Length));
        foreach (var (name, at) in _module.Specials)
        {
            uint* values = (uint*)(Registers + at);
            for (int lane = 0; lane < Size; lane++)
                values[lane] = Group.Special(name, (Number * Size) + lane, lane);
        }

        Copies.Clear();
        _waiting.Clear();
        (_next, _active, _ended, _meeting, State) = (0, Lanes, 0, PtxPostDominators.End, PtxState.Running);
    }

    /// <summary>Goes on until it waits or ends.</summary>
    /// <exception cref="PtxFaultException">It does what it may not.</exception>
    public void Run()
    {
        try
        {
            Interpret();
        }
        catch (DivideByZeroException)
        {
            throw Fault(_module.Code[_next - 1], "it divides by zero");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Interpret()
    {
        var code = _module.Code;
        var counts = Group.Counts;
        State = PtxState.Running;
        for (long done = 0; State == PtxState.Running; done++)
        {
            if (_next == _meeting)
                TakeNextPath();
            counts?.Executes(_next);
            ref readonly var instruction = ref code[_next++];
            uint lanes = _active;
            if (instruction.Guard >= 0)
            {
                uint holds = *(uint*)(Registers + instruction.Guard);
                lanes &= instruction.IsGuardNegated ? ~holds : holds;
                if (lanes == 0)
                    continue;
            }

            counts?.Accesses(this, _next - 1, lanes);
            if (done > InstructionLimit)
                throw Fault(instruction, "it does not end");
            instruction.Step(this, instruction, lanes);
        }
    }

    /// <summary>Sends lanes elsewhere.</summary>
    /// <param name="lanes">They.</param>
    /// <param name="target">The instruction they go to.</param>
    /// <param name="instruction">The branch.</param>
    /// <param name="isUniform">Whether all that stand here must go.</param>
    /// <exception cref="PtxFaultException">They do not.</exception>
    public void Jump(uint lanes, int target, in PtxInstruction instruction, bool isUniform)
    {
        if (lanes == _active)
        {
            _next = target;
            return;
        }

        if (isUniform)
            throw Fault(instruction, $"lanes {lanes:x8} of {_active:x8} go, and all must");

        // All wait at the meeting; but for that those who go there have nothing to do.
        int meeting = instruction.Meeting;
        if (meeting != _meeting)
            _waiting.Push(new Path(meeting, _active, _meeting));
        if (_next != meeting)
            _waiting.Push(new Path(_next, _active & ~lanes, meeting));
        (_next, _active, _meeting) = (target, lanes, meeting);
    }

    /// <summary>Ends lanes.</summary>
    /// <param name="lanes">They.</param>
    public void Return(uint lanes)
    {
        _ended |= lanes;
        _active &= ~lanes;
        if (_active == 0)
            TakeNextPath();
    }

    /// <summary>Refuses an instruction that all lanes of the warp must execute together.</summary>
    /// <param name="lanes">Those that do.</param>
    /// <param name="instruction">The instruction.</param>
    /// <exception cref="PtxFaultException">Some do not.</exception>
    public void RequireAll(uint lanes, in PtxInstruction instruction)
    {
        if (lanes != Lanes)
            throw Fault(instruction, $"lanes {lanes:x8} of {Lanes:x8} execute it, and all must");
    }

    /// <summary>An exception for what an instruction may not do.</summary>
    /// <param name="instruction">The instruction.</param>
    /// <param name="what">What.</param>
    /// <param name="lane">Who does it; -1 for the warp.</param>
    /// <returns>What to throw.</returns>
    public PtxFaultException Fault(in PtxInstruction instruction, string what, int lane = -1) =>
        new($"{_module.Name}, line {instruction.Line}: {instruction.Text}, {(lane < 0 ? string.Empty : $"lane {lane} of ")}warp {Number} of group {Group.Place}: {what}");

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(Registers);
        NativeMemory.AlignedFree(Scratch);
    }

    private void TakeNextPath()
    {
        while (_waiting.TryPop(out var path))
        {
            uint lanes = path.Lanes & ~_ended;
            if (lanes == 0 || path.Next == path.Meeting)
                continue;
            (_next, _active, _meeting) = (path.Next, lanes, path.Meeting);
            return;
        }

        State = PtxState.Ended;
    }
}
