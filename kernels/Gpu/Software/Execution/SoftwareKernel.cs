using System.Reflection;
using System.Runtime.CompilerServices;

namespace EDA.Kernels.Gpu.Software;

/// <summary>
/// Runs an explicitly grouped kernel on the CPU, for tests and debugging: group by group, every access checked, shared
/// memory starting as NaN, items in a chosen order. Thousands of times slower than a GPU.
/// </summary>
public sealed unsafe class SoftwareKernel
{
    private static readonly MethodInfo WriteDefinition = typeof(SoftwareKernel).GetMethod(nameof(Write), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly MethodInfo _method;
    private readonly ItemProgram _program;

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
    public void Run(int gridX, int gridY, int groupSize, ItemOrder order, params ReadOnlySpan<object> arguments)
    {
        if (gridX < 0 || gridY < 0 || groupSize is < 1 or > 1024)
            throw new ArgumentOutOfRangeException(nameof(groupSize), $"a grid of {gridX} × {gridY} groups of {groupSize} items: at least 0 groups of 1 to 1024 items");
        byte[] variables = Variables(arguments);
        using var memory = new GroupMemory();
        using var run = new GroupRun(_program, groupSize, order);
        (ItemContext.GroupSizeX, ItemContext.GridX, ItemContext.GridY, ItemContext.Memory) = (groupSize, gridX, gridY, memory);
        try
        {
            for (int y = 0; y < gridY; y++)
            {
                for (int x = 0; x < gridX; x++)
                {
                    (ItemContext.GroupX, ItemContext.GroupY) = (x, y);
                    memory.Clear();
                    run.Run(variables);
                }
            }
        }
        finally
        {
            ItemContext.Memory = null;
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
