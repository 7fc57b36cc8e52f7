using System.Reflection;
using System.Runtime.CompilerServices;

namespace EDA.Tests.Software;

/// <summary>
/// Runs an explicitly grouped kernel on the CPU, for tests and debugging: group by group, every access checked, shared
/// memory starting as NaN, items in a chosen order. Thousands of times slower than a GPU.
/// </summary>
public sealed unsafe class SoftwareKernel
{
    private static readonly MethodInfo WriteDefinition = typeof(SoftwareKernel).GetMethod(nameof(Write), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly MethodInfo _method;
    private readonly ItemProgram _program;
    private readonly GroupMemory _memory = new();
    private readonly Dictionary<(int GroupSize, ItemOrder Order), GroupRun> _runs = [];
    private byte[]? _variables;

    /// <summary>Prepares a kernel.</summary>
    /// <param name="method">A static method without a result.</param>
    /// <exception cref="NotSupportedException">It does what a kernel cannot do.</exception>
    public SoftwareKernel(MethodInfo method)
    {
        _method = method;
        _program = ItemProgramWriter.Write(method);
    }

    /// <summary>Runs the kernel to its end on the calling thread.</summary>
    /// <param name="gridX">The columns of the grid.</param>
    /// <param name="gridY">The rows of the grid.</param>
    /// <param name="groupSize">The items of a group.</param>
    /// <param name="order">In which order items run.</param>
    /// <param name="arguments">The kernel's arguments, of exactly its parameters' types.</param>
    /// <exception cref="ArgumentException">The arguments are not the kernel's.</exception>
    /// <exception cref="GroupDivergenceException">Items part at a barrier.</exception>
    /// <exception cref="IndexOutOfRangeException">An item reaches outside a view.</exception>
    public void Run(int gridX, int gridY, int groupSize, ItemOrder order, params ReadOnlySpan<object> arguments) =>
        Run(gridX, gridY, 1, groupSize, order, Variables(arguments));

    /// <summary>Runs a kernel of one argument to its end on the calling thread.</summary>
    /// <typeparam name="TArguments">The argument's type, exactly the parameter's.</typeparam>
    /// <param name="gridX">The columns of the grid.</param>
    /// <param name="gridY">The rows of the grid.</param>
    /// <param name="gridZ">The layers of the grid.</param>
    /// <param name="groupSize">The items of a group.</param>
    /// <param name="order">In which order items run.</param>
    /// <param name="arguments">The argument.</param>
    /// <exception cref="ArgumentException">The argument is not the kernel's.</exception>
    /// <exception cref="GroupDivergenceException">Items part at a barrier.</exception>
    /// <exception cref="IndexOutOfRangeException">An item reaches outside a view.</exception>
    public void Run<TArguments>(int gridX, int gridY, int gridZ, int groupSize, ItemOrder order, in TArguments arguments)
        where TArguments : struct
    {
        if (_program.Parameters is not [var parameter] || parameter.Type != typeof(TArguments))
            throw new ArgumentException($"{_method.DeclaringType?.Name} does not take a {typeof(TArguments).Name} alone", nameof(arguments));
        _variables ??= new byte[_program.FrameSize];
        Unsafe.WriteUnaligned(ref _variables[parameter.Offset], arguments);
        Run(gridX, gridY, gridZ, groupSize, order, _variables);
    }

    private void Run(int gridX, int gridY, int gridZ, int groupSize, ItemOrder order, byte[] variables)
    {
        if (gridX < 0 || gridY < 0 || gridZ < 0 || groupSize is < 1 or > 1024)
            throw new ArgumentOutOfRangeException(nameof(groupSize), $"a grid of {gridX} × {gridY} × {gridZ} groups of {groupSize} items: at least 0 groups of 1 to 1024 items");
        if (!_runs.TryGetValue((groupSize, order), out var run))
            _runs.Add((groupSize, order), run = new GroupRun(_program, groupSize, order));
        (ItemContext.GroupSizeX, ItemContext.GridX, ItemContext.GridY, ItemContext.GridZ, ItemContext.Memory) = (groupSize, gridX, gridY, gridZ, _memory);
        try
        {
            for (int z = 0; z < gridZ; z++)
            {
                for (int y = 0; y < gridY; y++)
                {
                    for (int x = 0; x < gridX; x++)
                    {
                        (ItemContext.GroupX, ItemContext.GroupY, ItemContext.GroupZ) = (x, y, z);
                        _memory.Clear();
                        run.Run(variables);
                    }
                }
            }
        }
        finally
        {
            (ItemContext.Memory, ItemContext.Registers, ItemContext.Halves, ItemContext.Copies) = (null, null, null, null);
        }
    }

    private byte[] Variables(ReadOnlySpan<object> arguments)
    {
        var parameters = _program.Parameters;
        if (arguments.Length != parameters.Count)
            throw new ArgumentException($"{_method.DeclaringType?.Name} takes {parameters.Count} arguments, not {arguments.Length}", nameof(arguments));
        byte[] variables = new byte[_program.FrameSize];
        for (int i = 0; i < arguments.Length; i++)
        {
            var (type, offset) = parameters[i];
            if (arguments[i].GetType() != type)
                throw new ArgumentException($"argument {i} of {_method.DeclaringType?.Name} is {arguments[i].GetType()}, not {type}", nameof(arguments));
            WriteDefinition.MakeGenericMethod(type).Invoke(null, [variables, offset, arguments[i]]);
        }

        return variables;
    }

    private static void Write<T>(byte[] variables, int offset, T value)
        where T : unmanaged => Unsafe.WriteUnaligned(ref variables[offset], value);
}
